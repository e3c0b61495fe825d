"""Tasks: their list, their page, and the panel beside the graph of their run."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from workflows.admin.actions.model_admin import FROM_RUN, OperableAdmin
from workflows.admin.actions.registry import TASK_OPERATIONS
from workflows.admin.templates.step_page import CHANGE, step_url
from workflows.admin.ui.base import RunFilter
from workflows.admin.ui.display import (
    EMPTY,
    badge,
    link,
    list_url,
    listed,
    moment,
    page_url,
    pretty,
    run_link,
)
from workflows.admin.ui.lists import ChoiceFilter, DateFilter
from workflows.admin.ui.sentences import explained
from workflows.insight.explain import explain_task
from workflows.insight.log_end import log_end
from workflows.insight.situation import situation_of
from workflows.models import (
    Approval,
    ApprovalStatus,
    Event,
    RunState,
    Task,
    TaskAttempt,
    TaskState,
    TemplateStep,
)
from workflows.models.task import ACTIVE

TIMES = tuple(map(moment, ("created_at", "dispatched_at", "started_at", "finished_at")))
LATEST = 15
MOST_NEIGHBOURS = 30
SIGNS = {
    "waits for approval": "approval",
    "on hold": "held",
    "set by hand": "by-hand",
    "asked to end": "canceled",
}
"""The icons of the remarks on a task."""
PANEL = "workflows_task_panel"


class TaskAdmin(OperableAdmin):
    """Tasks are read-only, and change by operations only."""

    change_form_template = "workflows/task/change_form.html"
    operations = TASK_OPERATIONS
    when_empty = "There is no task yet: a run brings its own, one for each step of its template."
    list_display = (
        "__str__",
        "title",
        "run_shown",
        "state_shown",
        "attempts_shown",
        moment("dispatched_at"),
        moment("finished_at"),
        "note_shown",
    )
    list_filter = (
        RunFilter,
        ("state", ChoiceFilter),
        "awaits_approval",
        "is_held",
        "is_marked_success",
        "runner",
        ("finished_at", DateFilter),
    )
    exact_search = "step_id"
    dates = ("finished_at",)
    sorts = ("run_shown",)
    ordering = ("-id",)
    search_fields = ("step_id", "title")
    search_help_text = "Step id or title."
    fieldsets = (
        (None, {"fields": ("title", "state_shown", "note", TIMES)}),
        ("Place", {"fields": (("run_shown", "step_id"), "upstream_shown", "downstream_shown")}),
        ("Work", {"fields": (("runner_shown", "timeout_seconds"), "payload_shown")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """Read run and runner with the tasks."""
        tasks = super().get_queryset(request).select_related("run", "runner")
        return tasks.defer("run__last_dispatch", "run__parameters")

    def get_ordering(self, request: HttpRequest) -> Any:
        """List one run's tasks in the template's order, others newest first."""
        if RunFilter.parameter_name in request.GET:
            return ["position"]
        return super().get_ordering(request)

    def described(self, task: Task) -> tuple[str, str]:
        """Return the title with the run, and the state."""
        return titled(task), task.state

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the panel beside the graph of a run."""
        view = self.admin_site.admin_view(self.panel_view)
        return [path("<int:task_id>/panel/", view, name=PANEL), *super().get_urls()]

    def panel_view(self, request: HttpRequest, task_id: int) -> HttpResponse:
        """Return the panel that the page of a run shows beside its graph."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        task = get_object_or_404(self.get_queryset(request), pk=task_id)
        context = {
            **self.page_context(request, task),
            "original": task,
            "state": self.state_shown(task),
            "payload": self.payload_shown(task),
            "runner": self.runner_shown(task),
            "action_url": list_url(Task),
            "from_page": FROM_RUN,
        }
        return TemplateResponse(request, "workflows/task/panel.html", context)

    def page_context(self, request: HttpRequest, task: Task) -> dict[str, Any]:
        """Return what the page of a task and its panel have in common."""
        attempts = list(task.attempts.defer("payload").order_by("-number")[:LATEST])
        last = attempts[0] if attempts else None
        return {
            "buttons": self.buttons(request, task, TASK_OPERATIONS),
            "edit_step": _edit_step(request, task),
            "waiting": _why_it_waits(task),
            "approval": _pending_approval(task),
            "approvals_url": list_url(Approval, task=task.pk, status="all"),
            "attempts": attempts,
            "last": last,
            "result": pretty(last.result) if last else None,
            "log": log_end(last) if last else None,
            "events": task.events.order_by("-id").defer("payload")[:LATEST],
            "attempts_url": list_url(TaskAttempt, task=task.pk),
            "events_url": list_url(Event, task=task.pk),
        }

    @admin.display(description="workflow run", ordering="run_id")
    def run_shown(self, task: Task) -> str | SafeString:
        """Return the run that the task is in."""
        return run_link(task.run_id)

    @admin.display(description="state", ordering="state")
    def state_shown(self, task: Task) -> SafeString:
        """Return the state, with remarks such as `on hold`."""
        badges = [badge(task.state), *(badge(text, SIGNS[text]) for text in remarks(task))]
        return format_html_join(" ", "{}", ((each,) for each in badges))

    @admin.display(description="attempts", ordering="attempt_count")
    def attempts_shown(self, task: Task) -> int:
        """Return how many attempts there were."""
        return task.attempt_count

    @admin.display(description="note")
    def note_shown(self, task: Task) -> str:
        """Return the beginning of the note."""
        return Truncator(task.note).chars(80)

    @admin.display(description="runner", ordering="runner__name")
    def runner_shown(self, task: Task) -> str:
        """Return the runner that the step names."""
        return task.runner.name if task.runner else "default"

    @admin.display(description="payload")
    def payload_shown(self, task: Task) -> str | SafeString:
        """Return the payload, with placeholders as they are written."""
        return pretty(task.payload)

    @admin.display(description="waits for")
    def upstream_shown(self, task: Task) -> str | SafeString:
        """Return the tasks that this one depends on."""
        return _neighbours(task.upstream)

    @admin.display(description="is waited for by")
    def downstream_shown(self, task: Task) -> str | SafeString:
        """Return the tasks that depend on this one."""
        return _neighbours(task.downstream)


NOT_DISPATCHING = {RunState.PAUSED, RunState.ABORTED}


def remarks(task: Task) -> Iterator[str]:
    """Yield what operators have done to a task, as far as its state does not show it."""
    if task.state == TaskState.PENDING:
        if task.awaits_approval:
            yield "waits for approval"
        if task.is_held:
            yield "on hold"
    if task.is_marked_success:
        yield "set by hand"
    if task.cancel_requested_at and task.state in ACTIVE:
        yield "asked to end"


def titled(task: Task) -> str:
    """Return the title of a task, and the run that it is in."""
    return f"{task.title} (run {task.run_id})" if task.run_id else task.title


def _pending_approval(task: Task) -> Approval | None:
    if task.state != TaskState.PENDING or not task.awaits_approval:
        return None
    return task.approvals.filter(status=ApprovalStatus.PENDING).first()


def _edit_step(request: HttpRequest, task: Task) -> str | None:
    """Return the URL of the step of a failed task, for people who may mend it."""
    run = task.run
    if task.state != TaskState.FAILED or not run or not run.template_id or not task.step_id:
        return None
    if not request.user.has_perm(CHANGE):
        return None
    steps = TemplateStep.objects.filter(template=run.template_id, step_id=task.step_id)
    return step_url(run.template_id, task.step_id) if steps.exists() else None


def _why_it_waits(task: Task) -> SafeString | None:
    if not (entry := explain_task(task)):
        return None
    run = task.run
    of_run = situation_of(run).sentence if run and run.state in NOT_DISPATCHING else ""
    return format_html("{} {}", explained(entry), of_run)


def _neighbours(tasks: Any) -> str | SafeString:
    found = tasks.order_by("position").only("step_id", "state")
    total = found.count()
    named = (
        format_html("{} {}", link(page_url(Task, task.pk), task), badge(task.state))
        for task in found[:MOST_NEIGHBOURS]
    )
    return listed(named, most=total, more=max(0, total - MOST_NEIGHBOURS)) if total else EMPTY

"""Tasks: their list, their page, and the panel beside the graph of their run."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.cache import get_conditional_response
from django.utils.html import format_html, format_html_join
from django.utils.http import quote_etag
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from workflows.admin.actions.model_admin import FROM_RUN, OperableAdmin
from workflows.admin.actions.registry import TASK_OPERATIONS
from workflows.admin.curl.views import CurlViews
from workflows.admin.runs.live import latest_event
from workflows.admin.task_page import end_of_log, task_context
from workflows.admin.ui.base import RunFilter
from workflows.admin.ui.display import (
    EMPTY,
    badge,
    link,
    list_url,
    listed,
    moment,
    page_url,
    run_link,
    took,
)
from workflows.admin.ui.lists import ChoiceFilter
from workflows.admin.ui.spans import DateFilter
from workflows.insight.durations import seconds_between
from workflows.models import Task, TaskState
from workflows.models.task import ACTIVE
from workflows.sites import admin_url

MOST_NEIGHBOURS = 30
SIGNS = {
    "waits for approval": "approval",
    "on hold": "held",
    "set by hand": "by-hand",
    "asked to end": "canceled",
}
"""The icons of the remarks on a task."""
PANEL = "workflows_task_panel"


class TaskAdmin(CurlViews, OperableAdmin):
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
        moment("finished_at", "exact"),
        "took_shown",
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

    # The page has a template of its own, and reads no more for it than that shows.
    fieldsets = ((None, {"fields": ("title",)}),)

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
        """Add the panel that the page of a run shows beside its graph."""
        view = self.admin_site.admin_view(self.panel_view)
        return [path("<int:task_id>/panel/", view, name=PANEL), *super().get_urls()]

    def panel_view(self, request: HttpRequest, task_id: int) -> HttpResponseBase:
        """Return the panel; 304 if nothing has happened in the run since the last one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        # The event is read before the task: a panel is never older than its tag says.
        run_id = Task.objects.filter(pk=task_id).values_list("run_id", flat=True).first()
        etag = quote_etag(str(latest_event(run_id))) if run_id else None
        if etag and (unchanged := get_conditional_response(request, etag)):
            return unchanged
        task = get_object_or_404(self.get_queryset(request), pk=task_id)
        is_page = "page" in request.GET
        more = {"is_page": True} if is_page else {"from_page": FROM_RUN}
        context = {**self._task_context(request, task), **more}
        answer = TemplateResponse(request, "workflows/task/panel.html", context)
        answer["Cache-Control"] = "no-store"
        if etag:
            answer["ETag"] = etag
        return answer

    def page_context(self, request: HttpRequest, task: Task) -> dict[str, Any]:
        """Return what the page of a task shows; without JavaScript, also the end of its log."""
        context = self._task_context(request, task)
        latest = context["latest"]
        return {
            **context,
            "is_page": True,
            "panel_url": f"{admin_url(PANEL, task.pk)}?page=1",
            "log": end_of_log(latest) if latest else None,
        }

    def _task_context(self, request: HttpRequest, task: Task) -> dict[str, Any]:
        return {
            **task_context(request, task),
            "original": task,
            "state": self.state_shown(task),
            "runner": self.runner_shown(task),
            "upstream": self.upstream_shown(task),
            "downstream": self.downstream_shown(task),
            "buttons": self.buttons(request, task, TASK_OPERATIONS),
            "action_url": list_url(Task),
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

    @admin.display(description="took")
    def took_shown(self, task: Task) -> str | SafeString:
        """Return how long the task ran, or has run until now."""
        return took(seconds_between(task.started_at, task.finished_at))

    @admin.display(description="note")
    def note_shown(self, task: Task) -> str:
        """Return the beginning of the note."""
        return Truncator(task.note).chars(80)

    def runner_shown(self, task: Task) -> str:
        """Return the runner that the step names."""
        return task.runner.name if task.runner else "default"

    def upstream_shown(self, task: Task) -> str | SafeString:
        """Return the tasks that this one depends on."""
        return _neighbours(task.upstream)

    def downstream_shown(self, task: Task) -> str | SafeString:
        """Return the tasks that depend on this one."""
        return _neighbours(task.downstream)


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


def _neighbours(tasks: Any) -> str | SafeString:
    found = tasks.order_by("position").only("step_id", "state")
    total = found.count()
    named = (
        format_html("{} {}", link(page_url(Task, task.pk), task), badge(task.state))
        for task in found[:MOST_NEIGHBOURS]
    )
    return listed(named, most=total, more=max(0, total - MOST_NEIGHBOURS)) if total else EMPTY

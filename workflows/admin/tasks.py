"""Tasks: their list, their page with attempts and log."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from workflows.admin.attempts import log_end
from workflows.admin.base import RunFilter
from workflows.admin.display import (
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
from workflows.admin.operable import OperableAdmin
from workflows.admin.operations import MENDING
from workflows.admin.sentences import waiting_sentence
from workflows.models import Event, Task, TaskAttempt
from workflows.models.task import ACTIVE

TIMES = tuple(map(moment, ("created_at", "dispatched_at", "started_at", "finished_at")))
LATEST = 15
MOST_NEIGHBOURS = 30


@admin.register(Task)
class TaskAdmin(OperableAdmin):
    """Tasks are looked at, and change by operations only."""

    operations = MENDING
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
    list_filter = (RunFilter, "state", "is_marked_success", "runner", "finished_at")
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

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """List one run's tasks in the template's order, others newest first: each by an index."""
        return ["position"] if RunFilter.parameter_name in request.GET else ["-id"]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Task | None = None,
    ) -> HttpResponse:
        """Add what surrounds a task."""
        if obj is not None:
            context.update(self._surroundings(request, obj))
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _surroundings(self, request: HttpRequest, task: Task) -> dict[str, Any]:
        attempts = list(task.attempts.defer("payload").order_by("-number")[:LATEST])
        last = attempts[0] if attempts else None
        return {
            "mending": self.offered(request, task, MENDING),
            "waiting": waiting_sentence(task),
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
        """Return the state, and whether an operator set it or wants it to end."""
        shown = badge(task.state)
        if task.is_marked_success:
            shown = format_html("{} {}", shown, badge("set by hand", "by-hand"))
        if task.cancel_requested_at and task.state in ACTIVE:
            shown = format_html("{} {}", shown, badge("asked to end", "by-hand"))
        return shown

    @admin.display(description="attempts", ordering="attempt_count")
    def attempts_shown(self, task: Task) -> int:
        """Return how many attempts there were."""
        return task.attempt_count

    @admin.display(description="note")
    def note_shown(self, task: Task) -> str:
        """Return the beginning of what was last said."""
        return Truncator(task.note).chars(80)

    @admin.display(description="runner", ordering="runner__name")
    def runner_shown(self, task: Task) -> str:
        """Return the runner that the step names."""
        return task.runner.name if task.runner else "default"

    @admin.display(description="payload")
    def payload_shown(self, task: Task) -> str | SafeString:
        """Return what the task is to do, before anything is filled in."""
        return pretty(task.payload)

    @admin.display(description="waits for")
    def upstream_shown(self, task: Task) -> str | SafeString:
        """Return the tasks that this one depends on."""
        return _neighbours(task.upstream)

    @admin.display(description="is waited for by")
    def downstream_shown(self, task: Task) -> str | SafeString:
        """Return the tasks that depend on this one."""
        return _neighbours(task.downstream)


def _neighbours(tasks: Any) -> str | SafeString:
    found = tasks.order_by("position").only("step_id", "state")
    total = found.count()
    named = (
        format_html("{} {}", link(page_url(Task, task.pk), task), badge(task.state))
        for task in found[:MOST_NEIGHBOURS]
    )
    return listed(named, most=total, more=max(0, total - MOST_NEIGHBOURS)) if total else EMPTY

"""The admin of attempts: what each runner was given, what it reported, and the log."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from workflows.admin.ui.base import AttentionFilter, ReadOnlyAdmin, RunOfTaskFilter, TaskFilter
from workflows.admin.ui.display import badge, link, moment, page_url, pretty, run_link
from workflows.admin.ui.lists import ChoiceFilter, DateFilter
from workflows.insight.attention import overdue_attempts, unattended_attempts
from workflows.insight.log_end import log_end
from workflows.models import LogPiece, Task, TaskAttempt

TIMES = tuple(map(moment, ("dispatched_at", "submitted_at", "started_at", "finished_at")))


class OverdueFilter(AttentionFilter):
    """Filters the attempts that the dashboard calls overdue."""

    choice = ("overdue", "overdue")

    def needing_attention(self) -> QuerySet[TaskAttempt]:
        """Return the overdue attempts."""
        return overdue_attempts()


class UnattendedFilter(AttentionFilter):
    """Filters the overdue attempts after which nobody has looked."""

    title = "recovery"
    parameter_name = "recovery"
    choice = ("none", "nobody has looked")

    def needing_attention(self) -> QuerySet[TaskAttempt]:
        """Return the attempts that wait for somebody to recover them."""
        return unattended_attempts()


class TaskAttemptAdmin(ReadOnlyAdmin):
    """Attempts are read-only."""

    change_form_template = "workflows/taskattempt/change_form.html"
    when_empty = "Nothing has been dispatched yet. Dispatch a ready task on the page of a run."

    list_display = (
        "__str__",
        "run_shown",
        "status_shown",
        "message_shown",
        "runner_name",
        "exit_code",
        *map(moment, ("dispatched_at", "started_at", "finished_at")),
    )
    list_filter = (
        OverdueFilter,
        UnattendedFilter,
        RunOfTaskFilter,
        TaskFilter,
        ("outcome", ChoiceFilter),
        "runner",
        ("dispatched_at", DateFilter),
    )
    dates = sorts = ("dispatched_at",)
    search_fields = ("runner_name", "message")
    search_help_text = "Search by runner name or by words of the message."
    ordering = ("-dispatched_at",)
    fieldsets = (
        (None, {"fields": (("task_link", "run_shown", "number"), "status_shown", "message")}),
        ("Runner", {"fields": (("runner_name", "runner_kind", "timeout_seconds"), "id")}),
        ("Outcome", {"fields": ("exit_code", "result_shown", "details_shown")}),
        ("Times", {"fields": (TIMES, ("lease_expires_at", "times_out_at"), "may_still_run")}),
        ("Payload as the runner received it", {"fields": ("payload_shown",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaskAttempt]:
        """Read the tasks together with the attempts."""
        return super().get_queryset(request).select_related("task").defer("task__payload")

    def get_ordering(self, request: HttpRequest) -> Any:
        """List one run's attempts in the order of its tasks, others newest first."""
        if RunOfTaskFilter.parameter_name in request.GET:
            return ["task__position", "number"]
        return super().get_ordering(request)

    def get_urls(self) -> list[URLPattern]:
        """Add the URL of the whole log."""
        view = self.admin_site.admin_view(self.log_view)
        name = "workflows_taskattempt_log"
        return [path("<uuid:attempt_id>/log/", view, name=name), *super().get_urls()]

    def log_view(self, request: HttpRequest, attempt_id: UUID) -> StreamingHttpResponse:
        """Return the whole log as plain text."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not TaskAttempt.objects.filter(pk=attempt_id).exists():
            raise Http404
        return StreamingHttpResponse(
            _log_texts(attempt_id), content_type="text/plain; charset=utf-8"
        )

    def page_context(self, request: HttpRequest, attempt: TaskAttempt) -> dict[str, Any]:
        """Return the end of the log."""
        return {"last": attempt, "log": log_end(attempt)}

    @admin.display(description="task", ordering="task_id")
    def task_link(self, attempt: TaskAttempt) -> SafeString:
        """Return the task that was attempted."""
        return link(page_url(Task, attempt.task_id), attempt.task)

    @admin.display(description="workflow run", ordering="task__run_id")
    def run_shown(self, attempt: TaskAttempt) -> str | SafeString:
        """Return the run that the task is in."""
        return run_link(attempt.task.run_id)

    @admin.display(description="status", ordering="outcome")
    def status_shown(self, attempt: TaskAttempt) -> SafeString:
        """Return the status of the attempt."""
        return badge(attempt.status)

    @admin.display(description="message")
    def message_shown(self, attempt: TaskAttempt) -> str:
        """Return the beginning of the message."""
        return Truncator(attempt.message).chars(80)

    @admin.display(description="result")
    def result_shown(self, attempt: TaskAttempt) -> str | SafeString:
        """Return the result of the task."""
        return pretty(attempt.result)

    @admin.display(description="details of the host")
    def details_shown(self, attempt: TaskAttempt) -> str | SafeString:
        """Return what else the host has said."""
        return pretty(attempt.details or None)

    @admin.display(description="payload")
    def payload_shown(self, attempt: TaskAttempt) -> str | SafeString:
        """Return the payload that the runner received, with all expressions filled in."""
        return pretty(attempt.payload)


def _log_texts(attempt_id: UUID) -> Iterator[str]:
    pieces = LogPiece.objects.filter(attempt=attempt_id).order_by("offset")
    yield from pieces.values_list("text", flat=True).iterator(chunk_size=10)

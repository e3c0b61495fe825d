"""The admin of attempts: what each runner was given, what it reported, and the log."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from workflows.admin.logs import AttemptLogViews
from workflows.admin.task_page import end_of_log, logs_of, reason_of
from workflows.admin.ui.base import AttentionFilter, RunOfTaskFilter, TaskFilter
from workflows.admin.ui.display import (
    badge,
    link,
    list_url,
    moment,
    page_url,
    pretty,
    run_link,
    took,
)
from workflows.admin.ui.lists import ChoiceFilter
from workflows.admin.ui.spans import DateFilter
from workflows.insight.attention import overdue_attempts, unattended_attempts
from workflows.insight.durations import seconds_between
from workflows.models import Task, TaskAttempt, WorkflowRun

TIMES = tuple(
    moment(field, "exact")
    for field in ("dispatched_at", "submitted_at", "started_at", "finished_at")
)


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


class TaskAttemptAdmin(AttemptLogViews):
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
        *TIMES,
        "took_shown",
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
    # The page has a template of its own.
    fieldsets = ((None, {"fields": ("number",)}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaskAttempt]:
        """Read the tasks together with the attempts."""
        return super().get_queryset(request).select_related("task").defer("task__payload")

    def get_ordering(self, request: HttpRequest) -> Any:
        """List one run's attempts in the order of its tasks, others newest first."""
        if RunOfTaskFilter.parameter_name in request.GET:
            return ["task__position", "number"]
        return super().get_ordering(request)

    def page_context(self, request: HttpRequest, attempt: TaskAttempt) -> dict[str, Any]:
        """Return what the page of an attempt shows; without JavaScript, also the end of its log."""
        run_id = attempt.task.run_id
        return {
            "last": attempt,
            "reason": reason_of(attempt),
            "log": end_of_log(attempt),
            "logs": logs_of([attempt]),
            "waited": seconds_between(attempt.dispatched_at, attempt.started_at),
            "result": pretty(attempt.result),
            "details": pretty(attempt.details) if attempt.details else None,
            "given": pretty(attempt.payload),
            "run_url": page_url(WorkflowRun, run_id) if run_id else None,
            "attempts_url": list_url(TaskAttempt, task=attempt.task_id),
        }

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

    @admin.display(description="took")
    def took_shown(self, attempt: TaskAttempt) -> str | SafeString:
        """Return how long the attempt ran, or has run until now."""
        return took(seconds_between(attempt.started_at, attempt.finished_at))

    @admin.display(description="message")
    def message_shown(self, attempt: TaskAttempt) -> str:
        """Return the beginning of the message."""
        return Truncator(attempt.message).chars(80)

"""The admin of events: the audit trail, as it was written."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from workflows.admin.curl.views import CurlViews
from workflows.admin.ui.base import ReadOnlyAdmin, RunFilter, TaskFilter
from workflows.admin.ui.display import EMPTY, link, moment, page_url, plain_badge, pretty, run_link
from workflows.admin.ui.spans import DateFilter
from workflows.models import Event, Task, WorkflowRun
from workflows.models.choices import among
from workflows.models.event import EventType, event_type_choices

CREATED = moment("created_at", "milliseconds")
ICONS = {
    "running": "running",
    "resumed": "running",
    "paused": "paused",
    "aborted": "aborted",
    "succeeded": "success",
    "failed": "failed",
    "lost": "failed",
    "asked": "clock",
    "deadlocked": "deadlocked",
    "dispatched": "dispatched",
    "submit_failed": "refused",
    "report_refused": "refused",
    "canceled": "canceled",
    "cancel_requested": "canceled",
    "retried": "ready",
    "released": "ready",
    "held": "held",
    "marked_success": "by-hand",
    "pending": "approval",
    "approved": "approved",
    "rejected": "rejected",
    "removed": "canceled",
}
"""The icon of an event by the last word of its type; other events have a neutral one."""


class EventTypeFilter(admin.SimpleListFilter):
    """Filters by type; it offers those that are registered, and accepts any."""

    title = "event type"
    parameter_name = "event_type__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer every known type."""
        return event_type_choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Return the events of the chosen type."""
        if (value := self.value()) is None:
            return queryset
        return queryset.filter(among(Event, "event_type", [value]))


class EventAdmin(CurlViews, ReadOnlyAdmin):
    """Events are read-only: none can be added, edited or deleted."""

    change_form_template = "workflows/event/change_form.html"
    when_empty = "There are no events yet."
    list_display = (CREATED, "type_shown", "run_shown", "task_link", "actor", "reason")
    list_filter = (RunFilter, TaskFilter, EventTypeFilter, ("created_at", DateFilter))
    dates = sorts = ("created_at",)
    search_fields = ("actor", "reason")
    search_help_text = "Search by actor or by words of the reason."
    ordering = ("-id",)
    list_per_page = 100
    # The page has a template of its own.
    fields = ("reason",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Read the tasks together with the events."""
        return super().get_queryset(request).select_related("task").defer("task__payload")

    @admin.display(description="event", ordering="event_type")
    def type_shown(self, event: Event) -> SafeString:
        """Return the type of the event, with its icon."""
        return plain_badge(event.event_type, ICONS.get(event.event_type.split(".")[-1], "created"))

    @admin.display(description="workflow run", ordering="run_id")
    def run_shown(self, event: Event) -> str | SafeString:
        """Return the run that the event belongs to, or that is removed."""
        is_removal = event.event_type == EventType.RUN_REMOVED
        return run_link(event.payload["run_id"] if is_removal else event.run_id)

    @admin.display(description="task", ordering="task_id")
    def task_link(self, event: Event) -> str | SafeString:
        """Return the task that the event is about."""
        return link(page_url(Task, event.task_id), event.task) if event.task_id else EMPTY

    def page_context(self, request: HttpRequest, event: Event) -> dict[str, Any]:
        """Return what the page of an event shows."""
        return {
            "type": self.type_shown(event),
            "run": self.run_shown(event),
            "task": self.task_link(event),
            "run_url": page_url(WorkflowRun, event.run_id) if event.run_id else None,
            "payload": pretty(event.payload) if event.payload else EMPTY,
        }

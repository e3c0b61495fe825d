"""The paths that this app adds to the API."""

from typing import Any

from django.urls import URLPattern

from workflow_triggers.api.views.backfills import BackfillViewSet
from workflow_triggers.api.views.calendars import CalendarViewSet
from workflow_triggers.api.views.schedules import ScheduleViewSet

view_sets: list[tuple[str, Any]] = [
    ("schedules", ScheduleViewSet),
    ("calendars", CalendarViewSet),
    ("backfills", BackfillViewSet),
]
urlpatterns: list[URLPattern] = []
enums: dict[str, str] = {
    "Overlap": "workflow_triggers.models.Overlap",
    "CatchUp": "workflow_triggers.models.CatchUp",
    "OccurrenceCause": "workflow_triggers.models.Cause",
    "OccurrenceOutcome": "workflow_triggers.models.Outcome",
}

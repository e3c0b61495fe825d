"""The paths that this app adds to the API."""

from typing import Any

from django.urls import URLPattern, path

from workflow_triggers.api.views.backfills import BackfillViewSet
from workflow_triggers.api.views.calendars import CalendarViewSet
from workflow_triggers.api.views.hooks import HookView
from workflow_triggers.api.views.schedules import ScheduleViewSet
from workflow_triggers.api.views.webhooks import DeliveryViewSet, WebhookViewSet

view_sets: list[tuple[str, Any]] = [
    ("schedules", ScheduleViewSet),
    ("calendars", CalendarViewSet),
    ("backfills", BackfillViewSet),
    ("webhooks", WebhookViewSet),
    ("deliveries", DeliveryViewSet),
]
urlpatterns: list[URLPattern] = [
    path("hooks/<str:token>", HookView.as_view(), name="webhook-delivery"),
]
enums: dict[str, str] = {
    "Overlap": "workflow_triggers.models.Overlap",
    "CatchUp": "workflow_triggers.models.CatchUp",
    "OccurrenceCause": "workflow_triggers.models.Cause",
    "OccurrenceOutcome": "workflow_triggers.models.Outcome",
    "WebhookPreset": "workflow_triggers.models.Preset",
    "DeliveryOutcome": "workflow_triggers.models.DeliveryOutcome",
}

"""The tables of schedules and webhooks."""

from workflow_triggers.models.calendar import Calendar
from workflow_triggers.models.occurrence import Backfill, Cause, Occurrence, Outcome
from workflow_triggers.models.schedule import CatchUp, Overlap, Schedule
from workflow_triggers.models.webhook import Delivery, DeliveryOutcome, Preset, Webhook

__all__ = [
    "Backfill",
    "Calendar",
    "CatchUp",
    "Cause",
    "Delivery",
    "DeliveryOutcome",
    "Occurrence",
    "Outcome",
    "Overlap",
    "Preset",
    "Schedule",
    "Webhook",
]

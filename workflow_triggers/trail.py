"""Events about schedules and calendars: they belong to no run, and name theirs in the payload."""

from typing import Any

from workflow_triggers.models import Calendar, Schedule
from workflows.models import Event
from workflows.models.actor import Actor
from workflows.runs.events import record


def record_schedule(
    what: str, schedule: Schedule, *, by: Actor, reason: str = "", **facts: Any
) -> Event:
    """Write that a schedule was `created`, `missed` and so on; the caller holds its lock."""
    payload = {
        "schedule_id": schedule.pk,
        "name": schedule.name,
        "template_id": schedule.template_id,
        **facts,
    }
    return record(f"schedule.{what}", by=by, reason=reason, payload=payload)


def record_calendar(what: str, calendar: Calendar, *, by: Actor, **facts: Any) -> Event:
    """Write that a calendar was `created`, `changed` or `deleted`."""
    payload = {"calendar_id": calendar.pk, "name": calendar.name, **facts}
    return record(f"calendar.{what}", by=by, payload=payload)

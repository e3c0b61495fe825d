"""Moments that will make no run, although they fell due: each has its reason."""

from datetime import datetime

from django.db.models import F

from workflow_triggers.models import Cause, Occurrence, Outcome, Schedule
from workflow_triggers.moments import moments_between
from workflow_triggers.trail import record_schedule
from workflows.models.actor import Actor


def write_off(schedule: Schedule, until: datetime, reason: str, *, by: Actor) -> int:
    """Give the moments of an enabled schedule that are not settled one row with a reason."""
    if not schedule.is_enabled or schedule.next_at is None or schedule.next_at > until:
        return 0
    return add_span(schedule, moments_until(schedule, until), reason, by=by)


def moments_until(schedule: Schedule, until: datetime) -> list[datetime]:
    """Return the moments of a schedule that fell due and are not settled."""
    return list(moments_between(schedule, schedule.settled_until, until))


def add_span(schedule: Schedule, moments: list[datetime], reason: str, *, by: Actor) -> int:
    """Give several moments one row, and the trail one event; return how many they are."""
    if not moments or _extended(schedule, moments, reason):
        return len(moments)
    first, last = moments[0], moments[-1]
    row, is_new = Occurrence.objects.get_or_create(
        schedule=schedule,
        cause=Cause.TIME,
        moment=first,
        defaults={
            "last_moment": last if len(moments) > 1 else None,
            "count": len(moments),
            "outcome": Outcome.MISSED,
            "reason": reason,
        },
    )
    if is_new:
        facts = {"first": first.isoformat(), "last": last.isoformat(), "count": len(moments)}
        record_schedule("missed", schedule, by=by, reason=reason, **facts)
    return row.count if is_new else 0


def _extended(schedule: Schedule, moments: list[datetime], reason: str) -> bool:
    """Count up a row that ends where these moments begin: a long span takes several steps."""
    rows = Occurrence.objects.filter(schedule=schedule, cause=Cause.TIME, outcome=Outcome.MISSED)
    before = rows.filter(last_moment=schedule.settled_until, reason=reason)
    return bool(before.update(last_moment=moments[-1], count=F("count") + len(moments)))


def cancel_queued(schedule: Schedule, reason: str, *, with_backfills: bool = False) -> int:
    """Make no run of the moments that wait for an earlier one; return how many."""
    queued = Occurrence.objects.filter(schedule=schedule, outcome=Outcome.QUEUED)
    if not with_backfills:
        queued = queued.filter(cause=Cause.TIME)
    return queued.update(outcome=Outcome.CANCELED, reason=reason)

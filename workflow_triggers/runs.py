"""Makes the runs of schedules, and knows which of them are still going on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from workflow_triggers.models import Backfill, Cause, Occurrence, Outcome, Schedule
from workflow_triggers.rendering import parameters_for, utc_text
from workflows.errors import Busy, WorkflowError
from workflows.models import WorkflowRun
from workflows.models.actor import Actor
from workflows.models.bounds import cut
from workflows.models.run import UNFINISHED
from workflows.operations.start import start_run

SCHEDULE = "schedule"


def actor_of(schedule: Schedule) -> Actor:
    """Return who makes the runs of a schedule: whoever changed it last counts as their creator."""
    return Actor(schedule.changed_by_user, f"schedule {schedule.name}", SCHEDULE)


def actor_of_backfill(backfill: Backfill) -> Actor:
    """Return who makes the runs of a backfill: whoever asked for it."""
    return Actor(backfill.created_by_user, backfill.created_by, backfill.created_by_via)


def unfinished_runs(schedule: Schedule) -> list[int]:
    """Return the runs of a schedule that have not ended, the oldest first."""
    return list(going_on(schedule.pk).values_list("pk", flat=True))


def going_on(schedule: Any) -> QuerySet[WorkflowRun]:
    """Return the unfinished runs that a schedule has made."""
    made = Occurrence.objects.filter(run_id=OuterRef("pk"), schedule=schedule)
    return WorkflowRun.objects.filter(Exists(made), state__in=UNFINISHED).order_by("pk")


def make_run(schedule: Schedule, occurrence: Occurrence, *, by: Actor) -> bool:
    """
    Make the run of an occurrence, which says afterwards what became of it; the caller stores it.

    :returns: False, if the template did not take its parameters, or there was nothing to run.
    :raises Busy: if somebody holds the template for long; it can be tried again.
    """
    try:
        occurrence.run_id = _start(schedule, occurrence.moment, by=by).pk
    except Busy:
        raise
    except WorkflowError as exc:
        occurrence.outcome, occurrence.reason = Outcome.REFUSED, cut(exc.detail)
        return False
    occurrence.outcome, occurrence.reason = Outcome.RUN, ""
    return True


def fire_by_hand(schedule: Schedule, moment: datetime, *, by: Actor) -> Occurrence:
    """Make a run for a moment at which somebody fires a schedule."""
    run = _start(schedule, moment, by=by)
    return Occurrence.objects.create(
        schedule=schedule, moment=moment, cause=Cause.NOW, outcome=Outcome.RUN, run_id=run.pk
    )


def facts_of(occurrences: Sequence[Occurrence]) -> dict[str, Any]:
    """Return what an event tells of occurrences with the same outcome."""
    first, last = occurrences[0], occurrences[-1]
    return {
        "first": first.moment.isoformat(),
        "last": last.moment.isoformat(),
        "count": len(occurrences),
    }


def _start(schedule: Schedule, moment: datetime, *, by: Actor) -> WorkflowRun:
    trigger = {
        "kind": SCHEDULE,
        "id": schedule.pk,
        "name": schedule.name,
        "moment": utc_text(moment),
    }
    return start_run(
        schedule.template_id,
        parameters_for(schedule, moment),
        by=by,
        auto_dispatch=True,
        trigger=trigger,
        priority=schedule.priority,
    )

"""Operations on backfills: runs for the moments of a span, made one after the other."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.utils import timezone

from workflow_triggers.locks import lock_schedule
from workflow_triggers.models import Backfill, Cause, Occurrence, Outcome, Schedule
from workflow_triggers.moments import exclusion, moments_between
from workflow_triggers.operations.checks import check_cancel_backfill
from workflow_triggers.rendering import check_parameters
from workflow_triggers.trail import record_schedule
from workflows.db.doors import nestable
from workflows.errors import Invalid, NotFound
from workflows.models.actor import By, as_actor
from workflows.operations.checks import enforce
from workflows.runs.locks import LARGEST_ID

MOST_MOMENTS = 1_000
TOO_MANY = f"More than {MOST_MOMENTS:,} moments: choose a shorter span."
WAITS = "waiting for the runs of earlier moments"
HAVE_RUNS = (Outcome.RUN, Outcome.QUEUED)


@dataclass(frozen=True, slots=True)
class BackfillPreview:
    """What a backfill of a span would do."""

    moments: list[datetime]
    """Those that would get a run."""
    already: list[datetime]
    """Those that have a run, or wait for one."""


def preview_backfill(schedule_id: int, start: datetime, end: datetime) -> BackfillPreview:
    """
    Return which moments a backfill would make runs for; those that a calendar excludes, for none.

    :raises NotFound: if there is no such schedule.
    :raises Invalid: if the span is none, or has too many moments.
    """
    found = Schedule.objects.filter(pk=schedule_id) if 0 < schedule_id <= LARGEST_ID else None
    schedule = found.first() if found else None
    if schedule is None:
        raise NotFound("schedule", schedule_id)
    return _preview(schedule, start, end)


@nestable
def backfill(
    schedule_id: int, start: datetime, end: datetime, *, by: By, now: datetime | None = None
) -> Backfill:
    """
    Queue a run for each moment of a span that has none yet; whoever asks is their creator.

    A repeated call finds nothing more to be done.

    :raises NotFound: if there is no such schedule.
    :raises Invalid: if the span is none or not past, has too many moments, or nothing is to be
        made; if the template does not take the parameters.
    """
    by, now = as_actor(by), now or timezone.now()
    schedule = lock_schedule(schedule_id)
    if end > now:
        raise Invalid({"end": ["This moment is still to come; give one that has passed."]})
    moments = _preview(schedule, start, end).moments
    if not moments:
        raise Invalid({"start": ["No moment of this span is without a run."]})
    check_parameters(schedule, schedule.template.parameters_schema, moments[0])
    made = Backfill.objects.create(
        schedule=schedule,
        start=start,
        end=end,
        created_by=by.name,
        created_by_user=by.user,
        created_by_via=by.via,
    )
    _queue(made, moments)
    count = len(moments)
    record_schedule("backfilled", schedule, by=by, backfill_id=made.pk, count=count)
    return made


@nestable
def cancel_backfill(backfill_id: int, *, by: By) -> Backfill:
    """
    Make no more runs of a backfill; those that were made go on.

    :raises NotFound: if there is no such backfill.
    :raises WrongState: if it is canceled, or all of its runs are made.
    """
    by = as_actor(by)
    found = Backfill.objects.filter(pk=backfill_id) if 0 < backfill_id <= LARGEST_ID else None
    if not found or (seen := found.first()) is None:
        raise NotFound("backfill", backfill_id)
    schedule = lock_schedule(seen.schedule_id)
    canceled = Backfill.objects.get(pk=backfill_id)
    enforce(check_cancel_backfill(canceled, by))
    canceled.canceled_at, canceled.canceled_by = timezone.now(), by.name
    canceled.save(update_fields=["canceled_at", "canceled_by"])
    queued = Occurrence.objects.filter(backfill=canceled, outcome=Outcome.QUEUED)
    reason = f"the backfill was canceled by {by}"
    count = queued.update(outcome=Outcome.CANCELED, reason=reason)
    record_schedule("backfill_canceled", schedule, by=by, backfill_id=canceled.pk, count=count)
    return canceled


def _preview(schedule: Schedule, start: datetime, end: datetime) -> BackfillPreview:
    if start >= end:
        raise Invalid({"end": ["Give an end after the start."]})
    calendars = list(schedule.calendars.all())
    # One that is exactly the start belongs to the span.
    every = moments_between(schedule, start - start.resolution, end)
    wanted = list(islice(every, MOST_MOMENTS + 1))
    if len(wanted) > MOST_MOMENTS:
        raise Invalid({"end": [TOO_MANY]})
    wanted = [each for each in wanted if not exclusion(calendars, each, schedule.zone)]
    rows = Occurrence.objects.filter(schedule=schedule, outcome__in=HAVE_RUNS)
    known = set(
        rows.filter(moment__gte=start, moment__lte=end)
        .exclude(cause=Cause.NOW)
        .values_list("moment", flat=True)
    )
    return BackfillPreview(
        [each for each in wanted if each not in known], [each for each in wanted if each in known]
    )


def _queue(made: Backfill, moments: list[datetime]) -> None:
    """Queue moments; those that an earlier backfill left without a run are taken over."""
    Occurrence.objects.bulk_create(
        [
            Occurrence(
                schedule=made.schedule,
                moment=moment,
                cause=Cause.BACKFILL,
                outcome=Outcome.QUEUED,
                reason=WAITS,
                backfill=made,
            )
            for moment in moments
        ],
        update_conflicts=True,
        unique_fields=["schedule", "cause", "moment"],
        update_fields=["outcome", "reason", "backfill", "decided_at"],
        batch_size=100,
    )

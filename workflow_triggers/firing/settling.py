"""Settles one schedule: its moments that have come get their occurrences, in one transaction."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from runners import transaction
from workflow_triggers.firing.decisions import Decision, decide
from workflow_triggers.firing.looks import Standstill
from workflow_triggers.firing.overlaps import Lane
from workflow_triggers.models import Cause, Occurrence, Outcome, Schedule
from workflow_triggers.moments import first_moment
from workflow_triggers.runs import actor_of, actor_of_backfill, facts_of, make_run, unfinished_runs
from workflow_triggers.trail import record_schedule
from workflow_triggers.writing_off import add_span
from workflows.db import failpoints
from workflows.models.actor import Actor

TOLD = (Outcome.MISSED, Outcome.EXCLUDED, Outcome.SKIPPED, Outcome.REFUSED)
"""The outcomes that leave an event: one for all moments that are decided together."""
BATCH = 500


@transaction.atomic
def settle(schedule_id: int, now: datetime, standstill: Standstill | None) -> Counter[str]:
    """
    Settle the moments of a schedule up to now; return how many became what.

    The lock and `settled_until` see to it that each moment is decided once. Whatever is raised
    leaves the schedule as it was.
    """
    if (schedule := _lock(schedule_id, next_at__lte=now, is_enabled=True)) is None:
        return Counter()
    by = actor_of(schedule)
    decision = decide(schedule, list(schedule.calendars.all()), now, standstill)
    occurrences = _fire(schedule, decision, by=by)
    failpoints.point("occurrences.decided")
    if standstill and decision.before_window:
        reason = standstill.reason(schedule.zone)
        add_span(schedule, decision.before_window, reason, by=by)
    Occurrence.objects.bulk_create(occurrences, batch_size=BATCH)
    _tell(schedule, occurrences, by=by)
    _move_on(schedule, decision.until)
    found = Counter(str(each.outcome) for each in occurrences)
    return found + Counter({str(Outcome.MISSED): len(decision.before_window)})


@transaction.atomic
def make_next_queued(schedule_id: int, now: datetime) -> Counter[str]:
    """Make the run of the first moment that waits, unless an earlier run still goes on."""
    schedule = _lock(schedule_id)
    if schedule is None or unfinished_runs(schedule):
        return Counter()
    queued = Occurrence.objects.filter(schedule=schedule, outcome=Outcome.QUEUED)
    occurrence = queued.select_related("backfill").order_by("moment", "pk").first()
    if occurrence is None:
        return Counter()
    by = _actor_for(occurrence, schedule)
    make_run(schedule, occurrence, by=by)
    occurrence.save(update_fields=["outcome", "reason", "run_id", "decided_at"])
    _tell(schedule, [occurrence], by=by)
    _clear_trouble(schedule)
    return Counter([str(occurrence.outcome)])


def _lock(schedule_id: int, **conditions: object) -> Schedule | None:
    """
    Lock a schedule; None if another process has it, or the conditions hold no more.

    With its template, which a run needs: whoever saves that may go on to its schedules, and neither
    waits for the other.
    """
    rows = Schedule.objects.select_for_update(
        skip_locked=True, of=("self", "template"), no_key=True
    )
    return rows.select_related("template").filter(pk=schedule_id, **conditions).first()


def _actor_for(occurrence: Occurrence, schedule: Schedule) -> Actor:
    backfill = occurrence.backfill
    return actor_of_backfill(backfill) if backfill else actor_of(schedule)


def _fire(schedule: Schedule, decision: Decision, *, by: Actor) -> list[Occurrence]:
    """Make the runs that are due, and return all occurrences, each with its outcome."""
    known = _known_moments(schedule, [*decision.ended, *decision.caught_up, *decision.due])
    new = [each for each in decision.ended if each.moment not in known]
    caught_up = [each for each in decision.caught_up if each.moment not in known]
    due = [each for each in decision.due if each.moment not in known]
    if caught_up or due:
        lane = Lane(schedule, by=by)
        for occurrence in caught_up:
            lane.queue(occurrence)
        for occurrence in due:
            lane.fire(occurrence)
    return sorted([*new, *caught_up, *due], key=lambda each: each.moment)


def _known_moments(schedule: Schedule, occurrences: Sequence[Occurrence]) -> set[datetime]:
    """Return the moments that have an occurrence already, after a clock was ahead for a while."""
    if not occurrences:
        return set()
    moments = [each.moment for each in occurrences]
    known = Occurrence.objects.filter(schedule=schedule, cause=Cause.TIME)
    known = known.filter(moment__gte=min(moments), moment__lte=max(moments))
    return set(known.values_list("moment", flat=True))


def _tell(schedule: Schedule, occurrences: Sequence[Occurrence], *, by: Actor) -> None:
    for outcome in TOLD:
        if same := [each for each in occurrences if each.outcome == outcome]:
            record_schedule(outcome, schedule, by=by, reason=same[0].reason, **facts_of(same))


def _move_on(schedule: Schedule, until: datetime) -> None:
    """Note that a schedule is settled; never for less than it was."""
    schedule.settled_until = max(schedule.settled_until, until)
    schedule.next_at = first_moment(schedule, schedule.settled_until)
    columns = ["settled_until", "next_at"]
    if schedule.failures:
        schedule.failures, schedule.trouble, schedule.rests_until = 0, "", None
        columns += ["failures", "trouble", "rests_until"]
    Schedule.objects.filter(pk=schedule.pk).update(
        **{column: getattr(schedule, column) for column in columns}
    )


def _clear_trouble(schedule: Schedule) -> None:
    if schedule.failures:
        Schedule.objects.filter(pk=schedule.pk).update(failures=0, trouble="", rests_until=None)

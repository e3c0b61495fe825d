"""
A round: looks which schedules are due, and settles one after the other while there is time.

Executors do it in passing, and `tick` for cron. Several at once are no danger: each schedule is
settled under its lock, and who does not get that goes on with the next. What is raised about one
schedule sets it aside for a growing pause, and stops no other.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from workflow_triggers.firing.looks import begin_look, end_look
from workflow_triggers.firing.settling import make_next_queued, settle
from workflow_triggers.models import Occurrence, Outcome, Schedule
from workflow_triggers.trail import record_schedule
from workflows.db.refusals import is_refusal, leave_connections
from workflows.models import WorkflowRun
from workflows.models.actor import Actor
from workflows.models.bounds import LONGEST_REASON, cut
from workflows.models.run import UNFINISHED

ROUND_S = 2.0
"""Seconds of a round; what is left is for the next one."""
MOST_AT_ONCE = 100
"""So many schedules are found by one statement."""
SHORTEST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)

logger = logging.getLogger(__name__)
Step = Callable[[], Counter[str]]


def fire_due(*, by: Actor, now: datetime | None = None, seconds: float = ROUND_S) -> Counter[str]:
    """
    Do one round, outside any transaction; return how many moments became what.

    :param now: which moments have come; also that of the look.
    :param seconds: how long it may go on. What was begun is always finished.
    """
    now = now or timezone.now()
    over_at = time.monotonic() + seconds
    standstill = begin_look(now)
    total: Counter[str] = Counter()
    for pk in _due(now):
        total += _alone(pk, partial(settle, pk, now, standstill), now, by=by)
        if time.monotonic() >= over_at:
            break
    else:
        for pk in _queued(now):
            total += _alone(pk, partial(make_next_queued, pk, now), now, by=by)
            if time.monotonic() >= over_at:
                break
    end_look(now)
    return _named(total)


def _due(now: datetime) -> Iterator[int]:
    """Yield the schedules of which a moment has come, those that wait longest first."""
    due = Schedule.objects.filter(_awake(now), next_at__lte=now, is_enabled=True)
    last: tuple[datetime, int] | None = None
    while True:
        later = Q()
        if last:
            later = Q(next_at__gt=last[0]) | Q(next_at=last[0], pk__gt=last[1])
        found = list(
            due.filter(later).order_by("next_at", "pk").values_list("next_at", "pk")[:MOST_AT_ONCE]
        )
        yield from (pk for _, pk in found)
        if len(found) < MOST_AT_ONCE:
            return
        at, pk = found[-1]
        assert at  # noqa: S101 (due ones have a next moment)
        last = at, pk


def _queued(now: datetime) -> list[int]:
    """Return schedules of which a moment waits, and no run goes on."""
    waits = Occurrence.objects.filter(schedule=OuterRef("pk"), outcome=Outcome.QUEUED)
    runs = WorkflowRun.objects.filter(pk=OuterRef("run_id"), state__in=UNFINISHED)
    goes_on = Occurrence.objects.filter(Exists(runs), schedule=OuterRef("pk"))
    queued = Schedule.objects.filter(_awake(now), Exists(waits), ~Exists(goes_on))
    return list(queued.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])


def _awake(now: datetime) -> Q:
    return Q(rests_until=None) | Q(rests_until__lte=now)


def _alone(schedule_id: int, step: Step, now: datetime, *, by: Actor) -> Counter[str]:
    """Do something for one schedule; if that raises, set the schedule aside."""
    try:
        return step()
    except Exception as exc:
        trace = None if is_refusal(exc) else exc
        logger.error(  # noqa: TRY400 (without a trace, if that says nothing)
            "Schedule %s could not be settled (%s).", schedule_id, exc, exc_info=trace
        )
        leave_connections(exc)
        _set_aside(schedule_id, exc, now, by=by)
        return Counter(failed=1)


def _set_aside(schedule_id: int, exc: Exception, now: datetime, *, by: Actor) -> None:
    """Leave a schedule out for a while, the longer the more often; the trail hears of it once."""
    if (schedule := Schedule.objects.filter(pk=schedule_id).first()) is None:
        return
    trouble = cut(f"{type(exc).__name__}: {exc}", most=LONGEST_REASON)
    pause = min(SHORTEST_PAUSE * 2 ** min(schedule.failures, 20), LONGEST_PAUSE)
    Schedule.objects.filter(pk=schedule_id).update(
        trouble=trouble, failures=schedule.failures + 1, rests_until=now + pause
    )
    if not schedule.failures:
        record_schedule("set_aside", schedule, by=by, reason=trouble)


def _named(total: Counter[str]) -> Counter[str]:
    """Return what was done, as a round of periodic work says it."""
    return Counter({f"moments {what}": n for what, n in total.items()})

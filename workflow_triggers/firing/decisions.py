"""What is to become of the moments of a schedule that have come; nothing is stored here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from workflow_triggers.firing.looks import Standstill
from workflow_triggers.models import Calendar, CatchUp, Occurrence, Outcome, Schedule
from workflow_triggers.moments import exclusion, moments_between

MOST_MOMENTS = 50_000
"""So many are looked at in one transaction: more than a month has minutes, the longest window."""


@dataclass(slots=True)
class Decision:
    """What is to become of moments, each in their order."""

    until: datetime
    """Up to here, all of them are decided."""
    before_window: list[datetime] = field(default_factory=list)
    """Missed so long ago that one row stands for all of them."""
    ended: list[Occurrence] = field(default_factory=list)
    """Those that make no run."""
    caught_up: list[Occurrence] = field(default_factory=list)
    """Those that make one run after the other, whatever else the schedule says."""
    due: list[Occurrence] = field(default_factory=list)
    """Those that make a run now, unless an earlier one is going on."""


def decide(
    schedule: Schedule,
    calendars: Sequence[Calendar],
    now: datetime,
    standstill: Standstill | None,
) -> Decision:
    """Return what is to become of the moments of a schedule that are not settled."""
    every = moments_between(schedule, schedule.settled_until, now)
    moments = list(islice(every, MOST_MOMENTS))
    is_all = len(moments) < MOST_MOMENTS
    oldest = now - timedelta(minutes=schedule.window_minutes)
    missed = [each for each in moments if standstill and standstill.misses(each)]
    before = [each for each in missed if each < oldest]
    if before and not is_all:
        return Decision(before[-1], before_window=before)
    decision = Decision(now if is_all else moments[-1], before_window=before)
    left = moments[len(before) :]
    candidates = _without_excluded(schedule, calendars, left, decision)
    last_missed = missed[-1] if missed else None
    late = [each for each in candidates if last_missed and each.moment <= last_missed]
    in_time = candidates[len(late) :]
    if standstill and late:
        _decide_missed(schedule, late, in_time, standstill, decision)
    if decision.caught_up:
        decision.caught_up += in_time
    else:
        decision.due += in_time
    return decision


def _without_excluded(
    schedule: Schedule,
    calendars: Sequence[Calendar],
    moments: Iterable[datetime],
    decision: Decision,
) -> list[Occurrence]:
    """Return an occurrence for each moment that no calendar excludes; the others have ended."""
    found = []
    for moment in moments:
        occurrence = Occurrence(schedule=schedule, moment=moment)
        if why := exclusion(calendars, moment, schedule.zone):
            decision.ended.append(_ended(occurrence, Outcome.EXCLUDED, why))
        else:
            found.append(occurrence)
    return found


def _decide_missed(
    schedule: Schedule,
    missed: list[Occurrence],
    in_time: list[Occurrence],
    standstill: Standstill,
    decision: Decision,
) -> None:
    """Decide about moments within the window at which nobody looked."""
    reason = standstill.reason(schedule.zone)
    if schedule.catch_up == CatchUp.ALL:
        decision.caught_up += missed
        return
    if schedule.catch_up == CatchUp.LATEST:
        # What is in time is later than all that was missed.
        latest = in_time[-1] if in_time else missed.pop()
        if not in_time:
            decision.due.append(latest)
        at = latest.moment.astimezone(ZoneInfo(schedule.zone))
        reason += f"; the latest, {at:%H:%M}, counts instead"
    decision.ended += [_ended(each, Outcome.MISSED, reason) for each in missed]


def _ended(occurrence: Occurrence, outcome: Outcome, reason: str) -> Occurrence:
    occurrence.outcome, occurrence.reason = outcome, reason
    return occurrence

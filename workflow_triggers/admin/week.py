"""The week: what each schedule did by hours, and what it is going to do."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from workflow_triggers.admin.occurrences import (
    CANCELED,
    FAILED,
    MADE,
    MEANINGS,
    NONE,
    QUEUED,
    TO_COME,
    Shown,
    schedule_url,
    shown,
)
from workflow_triggers.admin.preview import in_words
from workflow_triggers.models import Occurrence, Schedule
from workflow_triggers.moments import exclusion, moments_between

DAYS = 7
SLOTS_PER_HOUR = 2
FOLDED_FROM = 5
"""What a schedule does so often in a day is one line."""
MOST_OCCURRENCES = 5_000
MOST_SCHEDULES = 200
MOST_TO_COME = 24 * DAYS + 1
"""So many moments to come of one schedule are looked at."""
SHORT = {NONE: "no run", QUEUED: "wait"}
"""How a folded line tells how many there are."""
WORST = (NONE, FAILED, QUEUED, CANCELED, MADE, TO_COME)
"""What a folded line is shown as: the first of these that is among its moments."""


@dataclass(frozen=True, slots=True)
class Item:
    """A moment of a schedule in the week, or several of one day that are folded."""

    schedule: Schedule
    at: datetime
    """In the zone of the week."""
    kind: str
    icon: str
    note: str
    url: str
    shown: Shown | None = None
    count: int = 1
    next: str = ""
    """When the schedule fires next, for the pop-up of a moment that made no run."""

    @property
    def slot(self) -> int:
        """Return the half hour of the day."""
        return self.at.hour * SLOTS_PER_HOUR + self.at.minute * SLOTS_PER_HOUR // 60

    @property
    def clock(self) -> str:
        """Return the time of day; a filter of Django's would show it in the zone of the site."""
        return f"{self.at:%H:%M}"

    @property
    def meaning(self) -> str:
        """Return its kind in words."""
        return MEANINGS[self.kind]

    @property
    def explains(self) -> bool:
        """Return True if a pop-up says why there is no run."""
        return self.shown is not None and self.kind in {NONE, QUEUED, CANCELED} and self.count == 1


@dataclass(frozen=True, slots=True)
class Slot:
    """What stands in one half hour of a day."""

    number: int
    items: list[Item]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the week."""

    day: date
    is_today: bool
    items: list[Item] = field(default_factory=list)

    @property
    def slots(self) -> list[Slot]:
        """Return the half hours in which there is something."""
        found = defaultdict(list)
        for each in self.items:
            found[each.slot].append(each)
        return [Slot(number, items) for number, items in sorted(found.items())]


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days, from Monday, or one day."""

    days: list[Day]
    zone: ZoneInfo
    counts: list[tuple[str, str, int]]
    """How many moments there are of each kind: kind, meaning, number."""
    is_cut: bool
    now: datetime

    @property
    def clock(self) -> str:
        """Return the time of day of now."""
        return f"{self.now:%H:%M}"

    @property
    def now_slot(self) -> int:
        """Return the half hour of now."""
        return self.now.hour * SLOTS_PER_HOUR + self.now.minute * SLOTS_PER_HOUR // 60


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def week_of(first: date, zone: ZoneInfo, *, days: int = DAYS, kind: str = "") -> Week:
    """
    Return what schedules did and will do; a constant number of statements.

    :param first: the first day, in the zone.
    :param kind: of which moments alone are shown; all if empty.
    """
    start = datetime.combine(first, time(), zone)
    end = datetime.combine(first + timedelta(days=days), time(), zone)
    now = timezone.now()
    schedules = Schedule.objects.select_related("template").prefetch_related("calendars")
    first_ones = list(schedules.order_by("name", "pk")[:MOST_SCHEDULES])
    past, is_cut = _past(start, end, {each.pk: each for each in first_ones}, zone)
    items = [*past, *_to_come(first_ones, max(start, now), end, zone)]
    counts = _counts(items)
    items = [each for each in items if kind in {"", each.kind}]
    today = now.astimezone(zone).date()
    listed = [
        Day(day, day == today, list(_folded(items, day)))
        for day in (first + timedelta(days=n) for n in range(days))
    ]
    return Week(listed, zone, counts, is_cut, now.astimezone(zone))


def _counts(items: Iterable[Item]) -> list[tuple[str, str, int]]:
    counts = Counter[str]()
    for each in items:
        counts[each.kind] += each.count
    return [(kind, meaning, counts[kind]) for kind, meaning in MEANINGS.items() if counts[kind]]


def _past(
    start: datetime, end: datetime, schedules: dict[int, Schedule], zone: ZoneInfo
) -> tuple[list[Item], bool]:
    found = Occurrence.objects.filter(moment__gte=start, moment__lt=end, schedule__in=schedules)
    rows = list(found.order_by("-moment")[: MOST_OCCURRENCES + 1])
    items = [
        _item(each, schedules[each.occurrence.schedule_id], zone)
        for each in shown(rows[:MOST_OCCURRENCES])
    ]
    return items, len(rows) > MOST_OCCURRENCES


def _item(each: Shown, schedule: Schedule, zone: ZoneInfo) -> Item:
    upcoming = schedule.next_at if schedule.is_enabled else None
    return Item(
        schedule,
        each.occurrence.moment.astimezone(zone),
        each.kind,
        each.icon,
        each.note,
        each.url or schedule_url(schedule.pk),
        each,
        each.occurrence.count,
        next=in_words(upcoming, ZoneInfo(schedule.zone)) if upcoming else "none",
    )


def _to_come(
    schedules: Sequence[Schedule], after: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Item]:
    """Yield what is to come, also of schedules that are disabled: they say so."""
    if after >= end:
        return
    for schedule in schedules:
        calendars = list(schedule.calendars.all())
        url = schedule_url(schedule.pk)
        for moment in islice(moments_between(schedule, after, end), MOST_TO_COME):
            if moment >= end:
                break
            at = moment.astimezone(zone)
            note, icon = f"{at:%H:%M}", "clock"
            if not schedule.is_enabled:
                note, icon = "disabled", "paused"
            elif excluded := exclusion(calendars, moment, schedule.zone):
                note, icon = excluded, "refused"
            yield Item(schedule, at, TO_COME, icon, note, url)


def _folded(items: Iterable[Item], day: date) -> Iterator[Item]:
    """Yield what is on a day in its order, with one line for what a schedule does often."""
    of_schedule = defaultdict(list)
    for each in items:
        if each.at.date() == day:
            of_schedule[each.schedule.pk].append(each)
    lines = []
    for found in of_schedule.values():
        found.sort(key=lambda each: each.at)
        many = len(found) >= FOLDED_FROM
        lines += list(_parts(found)) if many else found
    yield from sorted(lines, key=lambda each: (each.at, each.schedule.name))


def _parts(found: Sequence[Item]) -> Iterator[Item]:
    """Yield one line for what was, and one for what is to come."""
    was = [each for each in found if each.kind != TO_COME]
    for part in (was, [each for each in found if each.kind == TO_COME]):
        if len(part) < 2:
            yield from part
        else:
            yield _fold(part)


def _fold(part: Sequence[Item]) -> Item:
    kinds: dict[str, int] = defaultdict(int)
    for each in part:
        kinds[each.kind] += each.count
    worst = next(kind for kind in WORST if kind in kinds)
    first = next(each for each in part if each.kind == worst)
    total = sum(kinds.values())
    note = {MADE: "all", TO_COME: first.note if first.icon == "paused" else "to come"}.get(
        worst, f"{kinds[worst]} {SHORT.get(worst, worst)}"
    )
    url = schedule_url(first.schedule.pk)
    return Item(first.schedule, part[0].at, worst, first.icon, note, url, None, total)


def context_of(week: Week) -> dict[str, Any]:
    """Return what the page of a week shows."""
    first, last = week.days[0].day, week.days[-1].day
    begin = f"{first.day} {first:%B}" if first.month != last.month else f"{first.day}"
    end = f"{last.day} {last:%B %Y}"
    return {
        "week": week,
        "hours": [(n * 2 * SLOTS_PER_HOUR, f"{2 * n:02}:00") for n in range(12)],
        "span": f"{begin} to {end}" if first != last else f"{first:%A} {end}",
    }

"""The strip of the dashboard: what fired in the last hours, and what comes next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from workflow_triggers.admin.occurrences import Shown, schedule_url, shown
from workflow_triggers.models import Occurrence, Outcome, Schedule
from workflow_triggers.moments import moments_between
from workflows.admin.ui.numbers import render_part
from workflows.sites import admin_url

BEFORE, HOURS = 3, 6
"""It begins so many hours before the hour of now, and lasts so many."""
MOST_ROWS, MOST_MARKS = 8, 72
LEFT, WIDTH, ROW, TOP = 150, 460, 26, 30
LEAST_LENGTH = 5
ROOM = 36
"""For the time of now between the hours."""
LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class Mark:
    """One moment of a schedule in the drawing."""

    x: float
    kind: str
    length: float
    title: str


@dataclass(frozen=True, slots=True)
class StripRow:
    """A schedule, with its moments."""

    schedule: Schedule
    y: int
    marks: list[Mark]
    url: str

    @property
    def name(self) -> str:
        """Return its name, as much as there is room for."""
        name = str(self.schedule.name)
        return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


@dataclass(frozen=True, slots=True)
class Span:
    """The hours that are drawn."""

    start: datetime
    now: datetime

    @property
    def end(self) -> datetime:
        """Return where they end."""
        return self.start + timedelta(hours=HOURS)

    def x(self, moment: datetime) -> float:
        """Return the place of a moment."""
        return round(LEFT + WIDTH * ((moment - self.start) / timedelta(hours=HOURS)), 1)


def strip_panel(request: HttpRequest) -> SafeString:
    """Return the panel; a constant number of statements."""
    return render_part("workflow_triggers/strip.html", strip_context(), request)


def strip_context() -> dict[str, Any]:
    """Return what the panel draws."""
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    span = Span(hour - timedelta(hours=BEFORE - 1), now)
    rows = list(_rows(span))
    upcoming = Schedule.objects.enabled().filter(next_at__gt=now).order_by("next_at").first()
    hours = [span.start + timedelta(hours=n) for n in range(HOURS + 1)]
    return {
        "rows": rows,
        "next": upcoming,
        "next_url": upcoming and schedule_url(upcoming.pk),
        "hours": [(span.x(each), _label(span, each)) for each in hours],
        "now_x": span.x(now),
        "now": f"{localtime(now):%H:%M}",
        "width": LEFT + WIDTH + 20,
        "height": TOP + ROW * max(1, len(rows)) + 6,
        "bottom": TOP + ROW * max(1, len(rows)),
        "week_url": admin_url("workflow_triggers_schedule_week"),
    }


def _rows(span: Span) -> list[StripRow]:
    within = Occurrence.objects.filter(moment__gte=span.start, moment__lte=span.now)
    found: dict[int, list[Shown]] = {}
    for each in shown(list(within.order_by("-moment")[: MOST_ROWS * MOST_MARKS])):
        found.setdefault(each.occurrence.schedule_id, []).append(each)
    coming = Schedule.objects.enabled().filter(next_at__lte=span.end).order_by("next_at")
    listed = {each.pk: each for each in coming[:MOST_ROWS]}
    others = Schedule.objects.filter(pk__in=set(found) - set(listed))
    listed |= {each.pk: each for each in others[:MOST_ROWS]}
    # What has done something stands first.
    chosen = sorted(listed.values(), key=lambda each: (each.pk not in found, each.name))[:MOST_ROWS]
    drawn = [
        (each, [*(_was(span, one) for one in found.get(each.pk, ())), *_will_be(span, each)])
        for each in chosen
    ]
    return [
        StripRow(each, TOP + ROW * place + ROW // 2, marks, schedule_url(each.pk))
        for place, (each, marks) in enumerate(one for one in drawn if one[1])
    ]


def _label(span: Span, hour: datetime) -> str:
    """Return an hour; nothing where the time of now stands."""
    return "" if abs(span.x(hour) - span.x(span.now)) < ROOM else f"{localtime(hour):%H:%M}"


def _was(span: Span, each: Shown) -> Mark:
    x, length = span.x(each.occurrence.moment), 0.0
    if each.occurrence.outcome == Outcome.RUN:
        end = each.occurrence.moment + timedelta(seconds=each.seconds or 0)
        length = max(LEAST_LENGTH, span.x(min(end, span.now)) - x)
    at = f"{localtime(each.occurrence.moment):%H:%M}"
    kind = "running" if each.icon == "running" else each.kind
    return Mark(x, kind, length, f"{at} {each.occurrence.sentence}, {each.note}".strip(" ,"))


def _will_be(span: Span, schedule: Schedule) -> list[Mark]:
    if not schedule.is_enabled:
        return []
    moments = islice(moments_between(schedule, span.now, span.end), MOST_MARKS)
    return [Mark(span.x(at), "to-come", 0, f"{localtime(at):%H:%M} to come") for at in moments]

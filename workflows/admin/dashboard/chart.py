"""The chart of finished runs: one bar a day, and how long they took. Geometry, nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

STEP, WIDTH = 48, 30
"""From day to day, and of a bar."""
TALL, LOW = 120, 44
"""Heights of the bars, and of the durations beneath them."""
TOP, GAP = 16, 54
MINUTE, HOUR, FEW = 60, 3600, 10
STATES = ("success", "aborted", "failed")
"""From below; what failed stands on top."""


@dataclass(frozen=True, slots=True)
class Day:
    """What finished on one day: how many runs by state, and how long they took on average."""

    day: date
    runs: Mapping[str, int]
    seconds: float | None = None

    @property
    def total(self) -> int:
        """How many runs finished."""
        return sum(self.runs.values())

    @property
    def took(self) -> str:
        """How long successful runs took, as people say it."""
        return "–" if self.seconds is None else spoken(self.seconds)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar."""

    state: str
    runs: int
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """A day of the chart."""

    day: Day
    x: int
    segments: Sequence[Segment]
    top: float
    """Where the number of all runs stands."""
    duration_y: float | None

    @property
    def middle(self) -> int:
        """Where the names of the day stand."""
        return self.x + WIDTH // 2


def spoken(seconds: float) -> str:
    """Return `0.4 s`, `42 s`, `3 min` or `5.2 h`."""
    if seconds < MINUTE:
        return f"{seconds:.1f} s" if seconds < FEW else f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"


def columns(days: Sequence[Day]) -> list[Column]:
    """Return the bars of these days, from left to right."""
    most = max([1, *(day.total for day in days)])
    longest = max([1.0, *(day.seconds or 0 for day in days)])
    return [_column(place, day, most, longest) for place, day in enumerate(days)]


def _column(place: int, day: Day, most: int, longest: float) -> Column:
    x = place * STEP + (STEP - WIDTH) // 2
    segments = list(_segments(day, x, TALL / most))
    top = min((segment.y for segment in segments), default=TOP + TALL)
    y = None if day.seconds is None else TOP + TALL + GAP + LOW * (1 - day.seconds / longest)
    return Column(day, x, segments, top - 4, y and round(y, 1))


def _segments(day: Day, x: int, unit: float) -> Iterator[Segment]:
    y = float(TOP + TALL)
    for state in STATES:
        if runs := day.runs.get(state, 0):
            height = round(runs * unit, 1)
            y = round(y - height, 1)
            yield Segment(state, runs, x, y, height)


def line(chart: Sequence[Column]) -> str:
    """Return the points of the line of durations, as SVG has them."""
    points = ((each.middle, each.duration_y) for each in chart)
    return " ".join(f"{x},{y}" for x, y in points if y is not None)

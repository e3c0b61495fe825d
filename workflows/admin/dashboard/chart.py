"""The geometry of the chart of finished runs: a bar for each day, and a line of durations."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

DAY_WIDTH, BAR_WIDTH = 48, 30
BARS_TOP, BARS_HEIGHT = 16, 120
LINE_HEIGHT = 44
GAP = 54
"""From the foot of the bars to the top of the line of durations."""
NUMBER_GAP = 4
"""Between a bar and the number above it."""
MINUTE, HOUR = 60, 3600
SHORT = 10
"""Seconds below which tenths are shown."""
STATES = ("success", "aborted", "failed")
"""The segments of a bar, from the bottom."""


@dataclass(frozen=True, slots=True)
class Day:
    """The runs that finished on one day, by state, and the average duration of successful ones."""

    day: date
    runs: Mapping[str, int]
    seconds: float | None = None

    @property
    def total(self) -> int:
        """Return how many runs finished."""
        return sum(self.runs.values())

    @property
    def average_duration(self) -> str:
        """Return how long successful runs took, such as `3 min`."""
        return "–" if self.seconds is None else duration_text(self.seconds)


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of a bar that stands for one state."""

    state: str
    runs: int
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """One day of the chart: its bar, and its point on the line of durations."""

    day: Day
    x: int
    segments: Sequence[Segment]
    top: float
    """The y of the number of runs, above the bar."""
    duration_y: float | None

    @property
    def middle(self) -> int:
        """Return the x of the middle of the bar."""
        return self.x + BAR_WIDTH // 2


def duration_text(seconds: float) -> str:
    """Return `0.4 s`, `42 s`, `3 min` or `5.2 h`."""
    if seconds < MINUTE:
        return f"{seconds:.1f} s" if seconds < SHORT else f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"


def chart_columns(days: Sequence[Day]) -> list[Column]:
    """Return the columns of these days, from left to right."""
    most = max([1, *(day.total for day in days)])
    longest = max([1.0, *(day.seconds or 0 for day in days)])
    return [_column(place, day, most, longest) for place, day in enumerate(days)]


def duration_line(columns: Sequence[Column]) -> str:
    """Return the `points` of the SVG polyline of durations."""
    points = ((column.middle, column.duration_y) for column in columns)
    return " ".join(f"{x},{y}" for x, y in points if y is not None)


def _column(place: int, day: Day, most: int, longest: float) -> Column:
    x = place * DAY_WIDTH + (DAY_WIDTH - BAR_WIDTH) // 2
    segments = list(_segments(day, x, BARS_HEIGHT / most))
    top = min((segment.y for segment in segments), default=BARS_TOP + BARS_HEIGHT)
    y = None if day.seconds is None else _duration_y(day.seconds / longest)
    return Column(day, x, segments, top - NUMBER_GAP, y)


def _duration_y(share: float) -> float:
    """Return the y of a duration, given as its share of the longest one."""
    return round(BARS_TOP + BARS_HEIGHT + GAP + LINE_HEIGHT * (1 - share), 1)


def _segments(day: Day, x: int, run_height: float) -> Iterator[Segment]:
    y = float(BARS_TOP + BARS_HEIGHT)
    for state in STATES:
        if runs := day.runs.get(state, 0):
            height = round(runs * run_height, 1)
            y = round(y - height, 1)
            yield Segment(state, runs, x, y, height)

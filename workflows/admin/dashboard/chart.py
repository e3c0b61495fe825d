"""The geometry of the chart of finished runs: a bar for each day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

DAY_WIDTH, BAR_WIDTH = 36, 26
BARS_TOP, BARS_HEIGHT = 6, 104
GAP = 2
"""Between the segments of a bar."""
LEAST = 2
"""The height of the smallest segment: one failure among hundreds is seen."""
STATES = ("success", "aborted", "failed")
"""The segments of a bar, from the bottom."""


@dataclass(frozen=True, slots=True)
class Day:
    """The runs that finished on one day, by state."""

    day: date
    runs: Mapping[str, int]

    @property
    def total(self) -> int:
        """Return how many runs finished."""
        return sum(self.runs.values())


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
    """One day of the chart: its bar."""

    day: Day
    x: int
    segments: Sequence[Segment]

    @property
    def middle(self) -> int:
        """Return the x of the middle of the bar."""
        return self.x + BAR_WIDTH // 2


def chart_columns(days: Sequence[Day]) -> list[Column]:
    """Return the columns of these days, from left to right."""
    most = max([1, *(day.total for day in days)])
    return [_column(place, day, most) for place, day in enumerate(days)]


def _column(place: int, day: Day, most: int) -> Column:
    x = place * DAY_WIDTH + (DAY_WIDTH - BAR_WIDTH) // 2
    room = BARS_HEIGHT - GAP * (len(STATES) - 1)
    return Column(day, x, list(_segments(day, x, room / most)))


def _segments(day: Day, x: int, run_height: float) -> Iterator[Segment]:
    y = float(BARS_TOP + BARS_HEIGHT)
    for state in STATES:
        if runs := day.runs.get(state, 0):
            height = max(LEAST, round(runs * run_height, 1))
            y = round(y - height, 1)
            yield Segment(state, runs, x, y, height)
            y -= GAP

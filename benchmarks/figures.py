"""The figures of the workloads, and the table that shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

Row = Sequence[str]


@dataclass
class Figure:
    """One line of the table: a workload with its times."""

    name: str
    tasks: int
    """Tasks (for `api`, requests) in each time."""
    seconds: list[float] = field(default_factory=list)
    bare: list[tuple[float, float]] = field(default_factory=list)
    """Seconds per task of the bare loop, timed before each time: two statements, and one."""
    statements: int | None = None
    hop_s: float | None = None
    work_hop_s: float | None = None
    peak_mb: float | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the measured values and the ratios computed from them."""
        if not self.seconds:
            return {"name": self.name, "note": self.note}
        two, one = self.bare_ms
        return {
            **asdict(self),
            "median": median(self.seconds),
            "min": min(self.seconds),
            "max": max(self.seconds),
            "tasks_per_s": self.tasks_per_s,
            "ratio_to_two_statements": self.task_ms / two,
            "ratio_to_one_statement": self.task_ms / one,
        }

    @property
    def tasks_per_s(self) -> float:
        """Return the throughput at the median time."""
        return self.tasks / median(self.seconds)

    @property
    def task_ms(self) -> float:
        """Return the milliseconds per task at the median time."""
        return 1e3 / self.tasks_per_s

    @property
    def bare_ms(self) -> tuple[float, float]:
        """Return the milliseconds per task of the bare loop: as two statements, and as one."""
        two, one = zip(*self.bare, strict=True)
        return 1e3 * median(two), 1e3 * median(one)

    def row(self) -> Row:
        """Return the cells of the table."""
        two, one = self.bare_ms
        return [
            self.name,
            *map(duration, (median(self.seconds), min(self.seconds), max(self.seconds))),
            _number(self.tasks_per_s),
            _number(self.hop_s, 1e3),
            _number(self.work_hop_s, 1e3),
            _number(self.statements, 1 / self.tasks),
            _number(self.peak_mb),
            f"{self.task_ms / two:.2f}",
            f"{self.task_ms / one:.2f}",
        ]


HEADINGS = [
    *("workload", "median", "min", "max", "per s", "hop, ms", "work to work, ms"),
    *("statements a task", "peak MB", "÷ bare, two", "÷ bare, one"),
]


def duration(seconds: float) -> str:
    """Format a time with three digits."""
    if seconds < 0.1:
        return f"{1e3 * seconds:.3g} ms"
    return f"{seconds:.2f} s" if seconds < 100 else f"{seconds:.0f} s"


def _number(value: float | None, factor: float = 1) -> str:
    if value is None:
        return ""
    value *= factor
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(headings: Row, rows: Iterable[Row]) -> str:
    """Return a Markdown table whose columns are aligned in a terminal too."""
    lines = [headings, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = [":".rjust(width, "-") for width in widths[1:]]
    head, *body = [_line(line, widths) for line in lines]
    return "\n".join([head, _line(["-" * widths[0], *rule], widths), *body])


def _line(cells: Row, widths: Sequence[int]) -> str:
    aligned = [
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(aligned)} |"

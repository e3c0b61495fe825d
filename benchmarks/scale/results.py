"""The figures of a comparison, and which of them miss the goal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import Row, table
from benchmarks.scale.sites import Answer

MOST_MS = 100
MOST_TIMES = 2.0
MOST_TIMES_HOT = 1.3
LONGER = 1.5
"""A page that has grown by so much shows more, if not so much more as there is."""
HEADINGS = ["", "one run, ms", "history, ms", "ratio", "statements", "kB", "over"]


@dataclass(frozen=True, slots=True)
class Line:
    """One page, call or act, without a history and with one."""

    name: str
    short: Answer | None
    """With one run only; None if there is nothing of the kind then."""
    long: Answer
    is_hot: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times longer it takes with the history."""
        return self.long.ms / self.short.ms if self.short and self.short.seconds else None

    @property
    def grows(self) -> float:
        """How many times longer the answer itself is."""
        return self.long.size / max(1, self.short.size) if self.short else 1

    @property
    def is_over(self) -> str:
        """Which goal it misses; empty if none."""
        most = MOST_TIMES_HOT if self.is_hot else MOST_TIMES
        found = [f"{MOST_MS} ms"] if self.long.ms > MOST_MS else []
        if self.ratio and self.ratio > most:
            found.append(f"{most:g}×" if self.grows < LONGER else f"{most:g}× (a longer page)")
        return ", ".join(found)

    def row(self) -> Row:
        """Return the cells of the table."""
        before = self.short if self.short and self.short.seconds else None
        ratio = f"{self.ratio:.2f}" if self.ratio else ""
        return [
            self.name.replace("|", "/"),
            f"{before.ms:.1f}" if before else "",
            f"{self.long.ms:.1f}",
            ratio,
            _both(before.statements if before else None, self.long.statements),
            _both(round(before.size / 1e3) if before else None, round(self.long.size / 1e3)),
            self.is_over,
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the figures."""
        return {
            "name": self.name,
            "short_ms": self.short.ms if self.ratio and self.short else None,
            "long_ms": self.long.ms,
            "ratio": self.ratio,
            "statements": self.long.statements,
            "bytes": self.long.size,
            "over": self.is_over,
        }


def _both(before: int | None, now: int) -> str:
    return str(now) if before in {None, now} else f"{before} → {now}"


def as_table(lines: Iterable[Line]) -> str:
    """Return the table of these lines."""
    return table(HEADINGS, [line.row() for line in lines])


def worth_publishing(lines: Sequence[Line]) -> list[Line]:
    """Return what has no filter, and of each list the slowest of what misses a goal."""
    slowest: dict[str, Line] = {}
    for line in sorted(lines, key=lambda line: line.long.ms):
        if line.is_over and "?" in line.name:
            slowest[line.name.partition("?")[0]] = line
    return [line for line in lines if "?" not in line.name or line in slowest.values()]

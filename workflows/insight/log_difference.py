"""How two logs differ, but for what differs in every run: times, durations and ids."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from workflows.insight.log_search import ESCAPES

MOST_LINES = 1_500
"""So many of the last lines of each log are compared."""
MOST_SHOWN = 400
LONGEST_LINE = 400
CONTEXT = 2
"""Equal lines shown before and after a difference."""
VARYING = re.compile(
    r"""
      \d{4}-\d\d-\d\d (?: [T ]\d\d:\d\d (?: :\d\d (?: [.,]\d+ )? )? (?: Z | [+-]\d\d:?\d\d )? )?
    | \b \d\d? :\d\d (?: :\d\d (?: [.,]\d+ )? )? \b
    | \b \d+ (?: \.\d+ )? \s? (?: ms | s | sec | secs | seconds | min | minutes ) \b
    | \b [0-9a-f]{8} (?: -[0-9a-f]{4} ){3} -[0-9a-f]{12} \b
    | \b 0x [0-9a-f]+ \b
    | \b (?= [a-f]*\d ) [0-9a-f]{7,64} \b
    | \b \d{5,} \b
    | (?<= pid= ) \d+ | (?<= id= ) \d+
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What is left out of the comparison. Small numbers count: they may be what matters."""


class DifferenceLine(NamedTuple):
    """A line of both logs (a space), of the older one (`-`) or the newer one (`+`), or a gap."""

    sign: str
    older: int | None
    newer: int | None
    """Its numbers in both logs, from 1."""
    text: str


class LogDifference(NamedTuple):
    """The lines that differ, with what is around them."""

    lines: Sequence[DifferenceLine]
    differing: int
    left_out: int
    """How many lines are not shown: there are too many."""


def masked(line: str) -> str:
    """Return a line without what differs in every run."""
    return VARYING.sub("·", line)


def log_difference(
    older: str, newer: str, *, first_older: int = 1, first_newer: int = 1
) -> LogDifference:
    """Compare two logs line by line; of long ones, their ends."""
    old, new = _lines(older), _lines(newer)
    start_old, start_new = (max(0, len(each) - MOST_LINES) for each in (old, new))
    found = list(_difference(old[start_old:], new[start_new:]))
    moved = [
        line._replace(
            older=line.older and line.older + start_old + first_older - 1,
            newer=line.newer and line.newer + start_new + first_newer - 1,
        )
        for line in found[:MOST_SHOWN]
    ]
    differing = sum(line.sign in "+-" for line in found)
    return LogDifference(moved, differing, max(0, len(found) - MOST_SHOWN))


def _lines(text: str) -> list[str]:
    return [line.rstrip()[:LONGEST_LINE] for line in ESCAPES.sub("", text).splitlines()]


def _difference(old: Sequence[str], new: Sequence[str]) -> Iterator[DifferenceLine]:
    before, after = [[masked(line) for line in lines] for lines in (old, new)]
    # Lines that occur again and again are no anchors: with them, the time would be the square.
    matcher = SequenceMatcher(None, before, after, autojunk=True)
    end = 0
    for group in matcher.get_grouped_opcodes(CONTEXT):
        if skipped := group[0][1] - end:
            yield DifferenceLine("…", None, None, f"{skipped:,} equal lines")
        for tag, start, stop, start_new, stop_new in group:
            if tag == "equal":
                for n in range(stop - start):
                    yield DifferenceLine(" ", start + n + 1, start_new + n + 1, new[start_new + n])
                continue
            yield from (DifferenceLine("-", n + 1, None, old[n]) for n in range(start, stop))
            yield from (
                DifferenceLine("+", None, n + 1, new[n]) for n in range(start_new, stop_new)
            )
        end = group[-1][2]
    if end and (rest := len(old) - end):
        yield DifferenceLine("…", None, None, f"{rest:,} equal lines")

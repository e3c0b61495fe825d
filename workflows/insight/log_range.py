"""Ranges of a log, with the time of each piece: what the log viewer asks for, a part at a time."""

from typing import Any

from django.db.models import F, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Length, Replace

from workflows.models import LogPiece, TaskAttempt

LARGEST_RANGE = 1_000_000
"""How many characters are returned at once, about: whole pieces are."""
END_SHOWN = 100_000
"""How many of the last characters are returned first, about."""
MOST_PIECES = 5_000
"""How many pieces are returned at once: each may be as short as a character."""

LINE_ENDS = Sum(Length("text") - Length(Replace(F("text"), Value("\n"), Value(""))))
"""How many lines end in pieces, counted by the database."""


def end_of_log(attempt: TaskAttempt) -> dict[str, Any]:
    """Return the end of a log, and how many lines end before it; two statements."""
    pieces = LogPiece.objects.filter(attempt=attempt)
    last = pieces.order_by("-offset").values("offset")[:1]
    near_end = pieces.filter(offset__gte=Subquery(last) - END_SHOWN)
    answer = _answer(attempt, near_end, is_end=True)
    before = pieces.filter(offset__lt=answer["from"]).order_by()
    lines = before.aggregate(n=LINE_ENDS)["n"] if answer["from"] else 0
    return {**answer, "lines": lines or 0}


def log_before(attempt: TaskAttempt, offset: int) -> dict[str, Any]:
    """Return the pieces that stand before one that begins at this offset."""
    span = {"offset__gte": offset - LARGEST_RANGE, "offset__lt": offset}
    near = LogPiece.objects.filter(attempt=attempt, **span)
    return _answer(attempt, near, is_end=True)


def log_after(attempt: TaskAttempt, offset: int) -> dict[str, Any]:
    """Return the pieces that have been stored from this offset on."""
    span = {"offset__gte": offset, "offset__lt": offset + LARGEST_RANGE}
    later = LogPiece.objects.filter(attempt=attempt, **span)
    answer = _answer(attempt, later, is_end=False)
    return answer if answer["pieces"] else {**answer, "from": offset, "to": offset}


def _answer(attempt: TaskAttempt, pieces: QuerySet[LogPiece], *, is_end: bool) -> dict[str, Any]:
    # The attempt was read before its log: the log of one that had ended by then is complete.
    rows = pieces.order_by("-offset" if is_end else "offset").values_list("offset", "at", "text")
    found = sorted(rows[:MOST_PIECES]) if is_end else list(rows[:MOST_PIECES])
    first, last = (found[0], found[-1]) if found else ((0,), (0, None, ""))
    return {
        "status": attempt.status,
        "is_open": not attempt.outcome,
        "from": first[0],
        "to": last[0] + len(last[2]),
        "pieces": [(at.timestamp() if at else None, text) for _, at, text in found],
    }

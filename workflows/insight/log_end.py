"""The end of an attempt's log, and the last lines of the logs of several."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import Case, F, Q, Subquery, TextField, Value, When
from django.db.models.functions import Length, Replace

from workflows.insight.log_search import plain_text
from workflows.models import LogPiece, TaskAttempt
from workflows.models.attempt import LARGEST_PIECE

CHARACTERS_SHOWN = 32_000
"""How many of the last characters of a log a page shows; a link leads to the whole log."""
NUMBERED = 200_000
"""The lines of so many characters are counted; of a longer log, the last lines have no number."""
MOST_PIECES = 20_000
LONGEST_LINE = 300
LOOKED_AT = 30
"""So many of the last lines are looked at for the first that tells of an error."""
ERROR = re.compile(
    r"\b(?:ERROR|FATAL|CRITICAL|PANIC|SEVERE|FAILED|FAILURE)\b(?!\s*[:=]?\s*0\b)|\bERR!"
    r"|\b(?:error|fatal|panic)(?:\[\w+\])?:|\b\w*(?:Error|Exception|Violation)(?::|$)"
    r"|\[(?:error|fatal)\]|\blevel\"?[=:]\s*\"?(?:error|fatal|critical)"
)
"""As in `log/levels.js`."""

Piece = tuple[int, int, int, str, datetime | None]
"""Task, offset, how many lines end in it, text, and when it was printed."""


class LastLine(NamedTuple):
    """One of the last lines of a log, as it is read: without colours, and cut."""

    text: str
    number: int | None
    """Its place in the log, from 1; None if that is too long to be counted."""
    at: datetime | None = None
    """When its beginning was printed, as far as that is known."""


def log_end(attempt: TaskAttempt, most: int = CHARACTERS_SHOWN) -> dict[str, Any]:
    """Return the end of an attempt's log, and how many characters come before it."""
    # A piece may be one line or many pages: all that begin near the end are read, by one statement.
    last = attempt.log_pieces.order_by("-offset").values("offset")[:1]
    near_end = Subquery(last) - most - LARGEST_PIECE
    pieces = attempt.log_pieces.order_by("offset").filter(offset__gt=near_end)
    found = list(pieces.values_list("offset", "text"))
    text = "".join(text for _, text in found)
    shown = text[-most:]
    return {"text": shown, "before": found[0][0] + len(text) - len(shown) if found else 0}


def last_lines(task_ids: Collection[int], most: int = 3) -> dict[int, list[LastLine]]:
    """
    Return the last lines that the latest attempts of tasks have printed, but for blank ones.

    One statement, of bounded size however long the logs are.
    """
    if not task_ids:
        return {}
    text, breaks = F("text"), Replace(F("text"), Value("\n"), Value(""))
    near_end = Q(offset__gte=F("attempt__log_length") - LARGEST_PIECE)
    pieces = LogPiece.objects.filter(
        attempt__task__in=task_ids,
        attempt__number=F("attempt__task__attempt_count"),
        offset__gte=F("attempt__log_length") - NUMBERED,
    ).annotate(
        task=F("attempt__task"),
        ends=Length(text) - Length(breaks),
        read=Case(When(near_end, then=text), default=Value(""), output_field=TextField()),
    )
    rows = pieces.order_by("task", "-offset").values_list("task", "offset", "ends", "read", "at")
    groups = groupby(rows[:MOST_PIECES], itemgetter(0))
    return {task_id: _last_lines([*group][::-1], most) for task_id, group in groups}


def telling_lines(task_ids: Collection[int]) -> dict[int, LastLine]:
    """Return the line for each task that tells best why it failed; one statement."""
    found = last_lines(task_ids, LOOKED_AT)
    return {
        task_id: next((line for line in lines if ERROR.search(line.text)), lines[-1])
        for task_id, lines in found.items()
        if lines
    }


def _last_lines(pieces: Sequence[Piece], most: int) -> list[LastLine]:
    """Return the last lines of pieces, of which those far from the end have no text."""
    is_whole = pieces[0][1] == 0
    first = sum(ends for _, _, ends, text, _ in pieces if not text) + 1
    shown = [(text, at) for *_, text, at in pieces if text]
    text = plain_text("".join(text for text, _ in shown))
    lines = [
        LastLine(line.rpartition("\r")[2][:LONGEST_LINE], first + place if is_whole else None, at)
        for place, (each, at) in enumerate(zip(text.split("\n"), _moments(shown), strict=True))
        if (line := each.rstrip()).strip()
    ]
    return lines[-most:]


def _moments(pieces: Iterable[tuple[str, datetime | None]]) -> list[datetime | None]:
    """Return of each line when the piece was printed in which it begins."""
    found: list[datetime | None] = []
    begins = True
    for text, at in pieces:
        found += [at] * (text.count("\n") + begins)
        if begins := text.endswith("\n"):
            found.pop()  # that line begins in the next piece
    return [*found, None] if begins else found

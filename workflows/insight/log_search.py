"""A text, or a pattern, in all logs of a run: how often it stands in each; bounded."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import regex
from django.db.models import F

from workflows.models import LogPiece, TaskAttempt, WorkflowRun
from workflows.payloads.patterns import compiled

MOST_LOGS = 2_000
MOST_CHARACTERS = 50_000_000
LONGEST_S = 3
"""How much is searched, and how long; the logs that were not reached by then are counted."""
ESCAPES = regex.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
"""What colours the text of a terminal and is not shown, as in `log/ansi.js`."""


@dataclass(slots=True)
class LogSearch:
    """What was found in the logs of a run."""

    hits: Counter[int] = field(default_factory=Counter)
    """How often it was found, by task."""
    logs: int = 0
    left_out: int = 0
    """How many logs were not searched, or not to their end."""


def search_logs(
    run: WorkflowRun, text: str, *, is_pattern: bool = False, has_case: bool = False
) -> LogSearch:
    """
    Count a text in the logs of the latest attempts of a run; two statements.

    :raises PatternRefused: if it is to be a pattern, and is none that can be searched for.
    """
    flags = "(?m)" if has_case else "(?im)"
    wanted = compiled(flags + (text if is_pattern else regex.escape(text)))
    attempts = TaskAttempt.objects.filter(task__run=run, number=F("task__attempt_count"))
    task_of = dict(attempts.order_by("pk").values_list("pk", "task_id")[: MOST_LOGS + 1])
    known = [*task_of][:MOST_LOGS]
    found = LogSearch(logs=len(task_of), left_out=len(task_of) - len(known))
    until, unread, reached = time.monotonic() + LONGEST_S, MOST_CHARACTERS, 0
    for attempt_id, lines in _blocks_of_lines(known):
        reached = known.index(attempt_id, reached)
        unread -= len(lines)
        try:
            n = _count(wanted, lines, until - time.monotonic()) if unread > 0 else None
        except TimeoutError:
            n = None
        if n is None:
            found.left_out += len(known) - reached
            break
        if n:
            found.hits[task_of[attempt_id]] += n
    return found


def _count(wanted: Any, lines: str, seconds: float) -> int:
    if seconds <= 0:
        raise TimeoutError
    found = wanted.finditer(plain_text(lines), timeout=seconds, concurrent=True)
    return sum(each[0] != "" for each in found)


def plain_text(text: str) -> str:
    """Return what a terminal shows of a text, without its colours."""
    return ESCAPES.sub("", text) if "\x1b" in text else text


def _blocks_of_lines(attempt_ids: Sequence[UUID]) -> Iterator[tuple[UUID, str]]:
    """Yield the logs in whole lines: a text may begin in one piece and end in the next."""
    pieces = LogPiece.objects.filter(attempt__in=attempt_ids).order_by("attempt", "offset")
    before, rest = None, ""
    for attempt_id, text in pieces.values_list("attempt", "text").iterator(chunk_size=50):
        if attempt_id != before:
            if before and rest:
                yield before, rest
            before, rest = attempt_id, ""
        lines, line_end, rest_of_piece = text.rpartition("\n")
        if line_end:
            yield attempt_id, rest + lines
            rest = rest_of_piece
        else:
            rest += rest_of_piece
    if before and rest:
        yield before, rest

"""Reading the logs of attempts."""

from typing import Any
from uuid import UUID

from workflows.errors import NotFound
from workflows.models import LogPiece, Task, TaskAttempt
from workflows.models.attempt import LARGEST_PIECE


def read_log(task: Task, attempt: int | UUID | None = None, after: int = 0) -> dict[str, Any]:
    """
    Return the log of an attempt of a task, without its first `after` characters.

    :raises NotFound: if the task has no such attempt.
    """
    found = _attempt(task, attempt)
    length, text = _text(found, after) if found else (0, "")
    return {
        "task_id": task.pk,
        "attempt_id": found.pk if found else None,
        "attempt_number": found.number if found else None,
        "status": found.status if found else None,
        "after": after,
        "text": text,
        "length": length,
    }


def _attempt(task: Task, named: int | UUID | None) -> TaskAttempt | None:
    attempts = task.attempts.order_by("-number")
    if named is None:
        return attempts.first()
    found = attempts.filter(**{"number" if isinstance(named, int) else "pk": named}).first()
    if found is None:
        raise NotFound("attempt", named)
    return found


def _text(attempt: TaskAttempt, after: int) -> tuple[int, str]:
    """Return the length of the log, and its text after the first `after` characters."""
    pieces = LogPiece.objects.filter(attempt=attempt).order_by("offset")
    last = pieces.last()
    if last is None:
        return 0, ""
    # Pieces written after this query belong to the next call: `length` does not count them.
    wanted = pieces.filter(offset__gt=after - LARGEST_PIECE, offset__lte=last.offset)
    texts = [
        text[max(0, after - offset) :] for offset, text in wanted.values_list("offset", "text")
    ]
    return last.offset + len(last.text), "".join(texts)

"""What is raised about one attempt fails that attempt, and no other."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from workflows.execution.running_attempt import RunningAttempt

logger = logging.getLogger(__name__)


@contextmanager
def bulkhead(running: RunningAttempt) -> Iterator[None]:
    """Do something for an attempt; if it raises, everything of that attempt is ended."""
    try:
        yield
    except Exception as exc:
        logger.exception("Attempt %s fails.", running.attempt.pk)
        running.fail(f"its executor could not go on with it: {text_of(exc)}")


def text_of(exc: Exception) -> str:
    """Return an error for a message."""
    return f"{type(exc).__name__}: {exc}"

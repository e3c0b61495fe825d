"""Claimed attempts for which there were no processes, descriptors or memory: they begin later."""

import logging
import time
from collections.abc import Iterator
from uuid import UUID

from workflows.models import TaskAttempt

TRY_AGAIN_EVERY_S = 0.2
WARN_EVERY_S = 5.0

logger = logging.getLogger(__name__)


class WaitingRoom:
    """Attempts that wait, in their order."""

    def __init__(self) -> None:
        """Begin empty."""
        self._waiting: dict[UUID, TaskAttempt] = {}
        self._try_at = self._warn_at = 0.0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[UUID]:
        """Yield their ids."""
        return iter(self._waiting)

    def add(self, attempt: TaskAttempt, why: str) -> None:
        """Let an attempt wait; now and then, the log says what there is too little of."""
        self._waiting[attempt.pk] = attempt
        if time.monotonic() >= self._warn_at:
            self._warn_at = time.monotonic() + WARN_EVERY_S
            logger.warning("%d attempts wait for room to run: %s", len(self._waiting), why)

    def pop(self, attempt_id: UUID) -> TaskAttempt | None:
        """Remove and return an attempt; None if it does not wait."""
        return self._waiting.pop(attempt_id, None)

    def take_all(self) -> list[TaskAttempt]:
        """Remove and return all attempts, if it is time to try again."""
        if not self._waiting or time.monotonic() < self._try_at:
            return []
        self._try_at = time.monotonic() + TRY_AGAIN_EVERY_S
        taken = list(self._waiting.values())
        self._waiting.clear()
        return taken

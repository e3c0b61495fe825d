"""Claimed attempts for which there were no processes, descriptors or memory: they begin later."""

import logging
import time
from collections.abc import Iterator
from uuid import UUID

from workflows.execution.tenure import Tenure, uptime
from workflows.models import TaskAttempt

TRY_AGAIN_EVERY_S = 0.2
WARN_EVERY_S = 5.0

logger = logging.getLogger(__name__)


class WaitingRoom:
    """Attempts that wait, in their order."""

    def __init__(self, tenure: Tenure) -> None:
        """Begin empty."""
        self._tenure = tenure
        self._waiting: dict[UUID, TaskAttempt] = {}
        self._claimed_at: dict[UUID, float] = {}
        self._try_at = self._warn_at = 0.0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[UUID]:
        """Yield their ids."""
        return iter(self._waiting)

    def add(self, attempt: TaskAttempt, why: str, claimed_at: float | None = None) -> None:
        """
        Let an attempt wait; now and then, the log says why.

        :param claimed_at: the `uptime()` of its claim; without it, it is claimed now, or is known.
        """
        self._waiting[attempt.pk] = attempt
        self._claimed_at.setdefault(attempt.pk, claimed_at or uptime())
        if time.monotonic() >= self._warn_at:
            self._warn_at = time.monotonic() + WARN_EVERY_S
            logger.warning("%d attempts wait for room to run: %s", len(self._waiting), why)

    def pop(self, attempt_id: UUID) -> TaskAttempt | None:
        """Remove and return an attempt; None if it does not wait."""
        return self._waiting.pop(attempt_id, None)

    def take_all(self) -> list[TaskAttempt]:
        """
        Remove and return the attempts that may begin, if it is time to try again.

        If this process stood still, or the database was away, recovery may have failed an attempt
        as lost: it waits until it is known to be open, or to have ended.
        """
        if not self._waiting or time.monotonic() < self._try_at:
            return []
        self._try_at = time.monotonic() + TRY_AGAIN_EVERY_S
        covers = self._tenure.covers
        taken = [each for pk, each in self._waiting.items() if covers(self._claimed_at[pk])]
        self._claimed_at = {pk: self._claimed_at[pk] for pk in self._waiting}
        for attempt in taken:
            del self._waiting[attempt.pk]
        return taken

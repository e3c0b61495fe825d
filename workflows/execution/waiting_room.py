"""Claimed attempts for which there were no processes, descriptors or memory: they begin later."""

import logging
import time
from collections.abc import Iterator
from uuid import UUID

from workflows.execution.prefetch import CLAIM_LASTS_S, uptime
from workflows.models import TaskAttempt

TRY_AGAIN_EVERY_S = 0.2
WARN_EVERY_S = 5.0

logger = logging.getLogger(__name__)


class WaitingRoom:
    """Attempts that wait, in their order."""

    def __init__(self) -> None:
        """Begin empty."""
        self._waiting: dict[UUID, TaskAttempt] = {}
        self._claimed_at: dict[UUID, float] = {}
        self._renewed_at = float("-inf")
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
        self._claimed_at.setdefault(attempt.pk, uptime())
        if time.monotonic() >= self._warn_at:
            self._warn_at = time.monotonic() + WARN_EVERY_S
            logger.warning("%d attempts wait for room to run: %s", len(self._waiting), why)

    def pop(self, attempt_id: UUID) -> TaskAttempt | None:
        """Remove and return an attempt; None if it does not wait."""
        return self._waiting.pop(attempt_id, None)

    def note_renewal(self) -> None:
        """Note that the leases of all attempts were renewed."""
        self._renewed_at = uptime()

    def take_all(self) -> list[TaskAttempt]:
        """
        Remove and return the attempts that may begin, if it is time to try again.

        If this process stood still, or the database was away, recovery may have failed an attempt
        as lost: it waits until its lease is renewed, or until it is known to have ended.
        """
        if not self._waiting or time.monotonic() < self._try_at:
            return []
        self._try_at = time.monotonic() + TRY_AGAIN_EVERY_S
        taken = [attempt for attempt in self._waiting.values() if self._is_ours(attempt.pk)]
        self._claimed_at = {pk: self._claimed_at[pk] for pk in self._waiting}
        for attempt in taken:
            del self._waiting[attempt.pk]
        return taken

    def _is_ours(self, attempt_id: UUID) -> bool:
        known_at = max(self._claimed_at[attempt_id], self._renewed_at)
        return uptime() - known_at < CLAIM_LASTS_S

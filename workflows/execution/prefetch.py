"""Attempts that an executor claims before a slot is free: no slot has to wait for a commit."""

import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from workflows.dispatch.claims import release_claims
from workflows.dispatch.leases import EXECUTOR_LEASE
from workflows.models import TaskAttempt
from workflows.models.attempt import by_run

SHORT = timedelta(milliseconds=20)
"""Attempts are prefetched if they usually take less than this."""
MAX_PREFETCH_PER_SLOT = 4
"""So many more attempts per slot are lost, in the worst case, if their executor dies."""
MAX_PREFETCH_WAIT_S = 0.2
"""An attempt that waits longer for a slot is released for other executors."""
CLAIM_LASTS_S = EXECUTOR_LEASE.total_seconds() / 2
"""If this process stood still for longer, recovery may have failed the attempt as lost."""

if hasattr(time, "CLOCK_BOOTTIME"):

    def uptime() -> float:
        """Return the seconds since this machine was started, those of its sleep included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
else:
    uptime = time.time


class PrefetchBuffer:
    """Claimed attempts that have not started, and how long attempts usually take here."""

    def __init__(self, slots: int) -> None:
        """Begin empty; nothing is prefetched before the first duration is recorded."""
        self._capacity = MAX_PREFETCH_PER_SLOT * slots
        self._usual_duration: timedelta | None = None
        self._claimed: dict[UUID, tuple[TaskAttempt, float]] = {}

    def __iter__(self) -> Iterator[UUID]:
        """Yield the ids of the attempts in the order in which they will start."""
        return iter(self._claimed)

    def __len__(self) -> int:
        """Return the number of attempts."""
        return len(self._claimed)

    @property
    def free(self) -> int:
        """How many more attempts to prefetch now."""
        usual = self._usual_duration
        is_short = usual is not None and usual < SHORT
        return max(0, self._capacity - len(self)) if is_short else 0

    def record_duration(self, duration: timedelta) -> None:
        """Update the usual duration: a moving average, so that one long attempt counts at once."""
        usual = self._usual_duration
        self._usual_duration = duration if usual is None else usual * 0.7 + duration * 0.3

    def add(self, attempt: TaskAttempt) -> None:
        """Keep a claimed attempt until a slot is free."""
        self._claimed[attempt.pk] = attempt, uptime()

    def pop(self, attempt_id: UUID) -> TaskAttempt:
        """Remove and return an attempt."""
        return self._claimed.pop(attempt_id)[0]

    def next(self) -> TaskAttempt | None:
        """Remove and return the next attempt to start; None if there is none."""
        while self:
            attempt, added = self._claimed.pop(next(iter(self)))
            if uptime() - added < CLAIM_LASTS_S:
                return attempt
        return None

    def release_stale(self) -> None:
        """Release the attempts that have waited for a slot too long."""
        self._release_added_until(uptime() - MAX_PREFETCH_WAIT_S)

    def release_all(self) -> None:
        """Release all attempts."""
        self._release_added_until(uptime())

    def _release_added_until(self, moment: float) -> None:
        stale = [attempt for attempt, added in self._claimed.values() if added <= moment]
        for run_id, attempts in by_run(stale).items():
            # Removed first: if the answer to the release is lost, others may start them.
            removed = {attempt.pk: self._claimed.pop(attempt.pk) for attempt in attempts}
            released = release_claims(run_id, list(removed))
            self._claimed |= {pk: kept for pk, kept in removed.items() if pk not in released}

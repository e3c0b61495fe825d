"""Attempts that an executor claims before a slot is free: no slot has to wait for a commit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from workflows.dispatch.claims import release_claims
from workflows.execution.set_aside import SetAside, is_certainly_undone
from workflows.execution.tenure import Tenure, uptime
from workflows.models import TaskAttempt
from workflows.models.attempt import by_run

SHORT = timedelta(milliseconds=20)
"""Attempts are prefetched if they usually take less than this."""
MAX_PREFETCH_PER_SLOT = 4
"""So many more attempts per slot are lost, in the worst case, if their executor dies."""
MAX_PREFETCH_WAIT_S = 0.2
"""An attempt that waits longer for a slot is released for other executors."""


@dataclass(frozen=True, slots=True)
class _Prefetched:
    attempt: TaskAttempt
    claimed_at: float
    added_at: float


class PrefetchBuffer:
    """Claimed attempts that have not started, and how long attempts usually take here."""

    def __init__(self, slots: int, tenure: Tenure) -> None:
        """Begin empty; nothing is prefetched before the first duration is recorded."""
        self._capacity = MAX_PREFETCH_PER_SLOT * slots
        self._tenure = tenure
        self._usual_duration: timedelta | None = None
        self._claimed: dict[UUID, _Prefetched] = {}
        self._set_aside = SetAside()

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

    def add(self, attempt: TaskAttempt, claimed_at: float) -> None:
        """Keep an attempt that was claimed at this `uptime()`, or later, until a slot is free."""
        self._claimed[attempt.pk] = _Prefetched(attempt, claimed_at, uptime())

    def pop(self, attempt_id: UUID) -> TaskAttempt | None:
        """Remove and return an attempt; None if it is not here."""
        claimed = self._claimed.pop(attempt_id, None)
        return claimed.attempt if claimed else None

    def next(self) -> TaskAttempt | None:
        """Remove and return the next attempt to start; None if there is none that may."""
        for pk, claimed in self._claimed.items():
            if self._tenure.covers(claimed.claimed_at):
                return self.pop(pk)
        return None

    def release_stale(self) -> None:
        """Release the attempts that have waited for a slot too long."""
        self._release_added_until(uptime() - MAX_PREFETCH_WAIT_S)

    def release_all(self) -> None:
        """Release all attempts."""
        self._release_added_until(uptime())

    def _release_added_until(self, moment: float) -> None:
        stale = [each.attempt for each in self._claimed.values() if each.added_at <= moment]
        for run_id, attempts in by_run(stale).items():
            if run_id in self._set_aside:
                continue
            with self._set_aside.bulkhead(run_id, f"releases in workflow run {run_id}"):
                self._release(run_id, [attempt.pk for attempt in attempts])

    def _release(self, run_id: int, attempt_ids: list[UUID]) -> None:
        # Removed first: if the answer to the release is lost, others may start them.
        removed = {pk: self._claimed.pop(pk) for pk in attempt_ids}
        try:
            released = release_claims(run_id, attempt_ids)
        except Exception as exc:
            if is_certainly_undone(exc):
                self._claimed |= removed
            raise
        self._claimed |= {pk: kept for pk, kept in removed.items() if pk not in released}

"""What an executor claims before a slot is free: none of its slots stands still during a commit."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from workflows.dispatch.claims import give_back
from workflows.models import TaskAttempt

SHORT = timedelta(milliseconds=20)
"""Where tasks usually take less than this, some are claimed ahead."""
MOST_AHEAD = 4
"""How many for each slot: so many more are lost, in the worst case, with their executor."""
MAX_PREFETCH_WAIT = timedelta(seconds=0.2)
"""What waits longer for a slot is left to others."""


class PrefetchBuffer:
    """Claimed attempts that have not begun, and how long tasks usually take here."""

    def __init__(self, slots: int) -> None:
        """Begin with none, and claim none before something has been learned."""
        self._most = MOST_AHEAD * slots
        self._usual: timedelta | None = None
        self._claimed: dict[UUID, tuple[TaskAttempt, datetime]] = {}

    def __iter__(self) -> Iterator[UUID]:
        """Yield the ids, the first to be begun first."""
        return iter(self._claimed)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._claimed)

    @property
    def room(self) -> int:
        """How many more to claim."""
        is_short = self._usual is not None and self._usual < SHORT
        return max(0, self._most - len(self)) if is_short else 0

    def learn(self, took: timedelta) -> None:
        """Take the time of a task into the usual time; one that is long counts at once."""
        self._usual = took if self._usual is None else self._usual * 0.7 + took * 0.3

    def add(self, attempt: TaskAttempt) -> None:
        """Keep an attempt until a slot is free."""
        self._claimed[attempt.pk] = attempt, timezone.now()

    def pop(self, attempt_id: UUID) -> TaskAttempt:
        """Take out an attempt."""
        return self._claimed.pop(attempt_id)[0]

    def next(self) -> TaskAttempt | None:
        """Take out the first that may still be begun."""
        while self:
            attempt = self.pop(next(iter(self)))
            # What is overdue, as after a long standstill, may have been settled as lost.
            if attempt.lease_expires_at and attempt.lease_expires_at > timezone.now():
                return attempt
        return None

    def leave(self, *, all_of_it: bool) -> None:
        """Leave to others what has waited here for a slot, and must wait longer."""
        latest = timezone.now() - (timedelta() if all_of_it else MAX_PREFETCH_WAIT)
        tired: dict[int, list[UUID]] = defaultdict(list)
        for attempt, since in self._claimed.values():
            if since <= latest:
                tired[attempt.task.run_id or 0].append(attempt.pk)
        for run_id, attempt_ids in tired.items():
            # Taken out first: should nobody hear that they were given back, others may begin them.
            taken = [self._claimed.pop(attempt_id) for attempt_id in attempt_ids]
            given = give_back(run_id, attempt_ids)
            for attempt, since in taken:
                if attempt.pk not in given:
                    self._claimed[attempt.pk] = attempt, since

"""The attempts that run in slots, with the lock that guards their processes."""

import threading
from collections.abc import Iterator
from uuid import UUID

from runners.slots.slot import Slot
from workflows.execution.bulkhead import bulkhead
from workflows.execution.running_attempt import RunningAttempt


class AttemptsInSlots:
    """What runs now, by the id of the attempt and by its slot."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._running: dict[UUID, RunningAttempt] = {}
        self._by_slot: dict[Slot, RunningAttempt] = {}
        self.guard = threading.RLock()
        """Whoever holds it may act on processes, or change what runs; see `holdings.py`."""

    def __len__(self) -> int:
        """Return how many attempts run."""
        return len(self._running)

    def __iter__(self) -> Iterator[RunningAttempt]:
        """Yield the attempts that run now, whatever is done to them meanwhile."""
        return iter(list(self._running.values()))

    def of(self, slot: Slot) -> RunningAttempt | None:
        """Return the attempt that runs in a slot."""
        return self._by_slot.get(slot)

    def add(self, running: RunningAttempt) -> None:
        """Note that an attempt has begun."""
        with self.guard:
            self._running[running.attempt.pk] = self._by_slot[running.slot] = running

    def remove(self, running: RunningAttempt) -> None:
        """Note that nothing of an attempt is left in its slot."""
        with self.guard:
            del self._running[running.attempt.pk], self._by_slot[running.slot]

    def end(self, attempt_id: UUID, why: str, *, at_once: bool = False) -> bool:
        """End an attempt; return False if it does not run. Any thread may call this."""
        with self.guard:
            running = self._running.get(attempt_id)
            if running and not at_once:
                running.end(why)
            elif running and not running.is_failing:
                running.fail(why)
            return running is not None

    def check(self) -> None:
        """Do for each attempt what is due by the clock. Any thread may call this."""
        with self.guard:
            for running in self:
                with bulkhead(running):
                    running.check()

"""What one executor holds: published by its loop, looked after by the keeper of its process."""

from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from uuid import UUID

from runners.slots.pool import SlotPool
from workflows.db.silence import SilenceGuard
from workflows.execution.attempt_report import CANCELED
from workflows.execution.in_slots import AttemptsInSlots
from workflows.execution.tenure import Tenure


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A held attempt that is to be ended."""

    attempt_id: UUID
    is_closed: bool
    """Somebody else has closed it, so that a retry may begin at any moment: it must end at once."""


class Holdings:
    """
    The one place where the loop of an executor and the keeper's threads meet.

    - `held` belongs to the loop, which replaces the whole set after each claim, before anything
      that may take long; the keeper only reads it. An attempt that is published and no longer held
      has no lease that could be renewed.
    - Processes belong to whoever holds `AttemptsInSlots.guard`, and asks no database meanwhile.
    - What is unwanted and has not begun belongs to the loop, which is told through a queue.
    """

    def __init__(self, in_slots: AttemptsInSlots, slots: SlotPool, tenure: Tenure) -> None:
        """Begin with nothing."""
        self.held: frozenset[UUID] = frozenset()
        self.tenure = tenure
        self.silence = SilenceGuard()
        self._in_slots = in_slots
        self._slots = slots
        self._unwanted: SimpleQueue[Unwanted] = SimpleQueue()

    def check(self, fence_after_s: float) -> None:
        """Do what is due without the database, and tell the fork server that somebody does it."""
        self._in_slots.check()
        self._slots.beat(fence_after_s)
        self.silence.cut_if_silent()

    def end(self, unwanted: Unwanted) -> None:
        """End an attempt now if it runs; leave it to the loop if it has not begun."""
        if not self._in_slots.end(unwanted.attempt_id, CANCELED, at_once=unwanted.is_closed):
            self._unwanted.put(unwanted)

    def lower_fence(self) -> None:
        """Let idle slots live although nobody beats for them."""
        self._slots.beat(None)

    def take_unwanted(self) -> Iterator[Unwanted]:
        """Yield what the loop has to drop."""
        try:
            while True:
                yield self._unwanted.get_nowait()
        except Empty:
            return

"""Hears what the slots of an executor print and say, and what the fork server says of them."""

import logging
import time

from runners.slots.pool import SlotPool, Source
from workflows.execution.bulkhead import bulkhead
from workflows.execution.ending import NEVER
from workflows.execution.in_slots import AttemptsInSlots
from workflows.execution.running_attempt import RunningAttempt

logger = logging.getLogger(__name__)


class Listener:
    """Gives each attempt what is heard of it, and does for it what is due."""

    def __init__(self, slots: SlotPool, in_slots: AttemptsInSlots) -> None:
        """Listen to these slots, in which these attempts run."""
        self._slots = slots
        self._in_slots = in_slots

    def hear(self, timeout_s: float) -> bool:
        """Hear the slots until something arrives in time; return True if anything did."""
        heard = self._slots.wait(self._until_due(timeout_s))
        with self._in_slots.guard:
            for slot, source in heard:
                if running := self._in_slots.of(slot):
                    with bulkhead(running):
                        self._hear(running, source)
                else:
                    self._slots.discard(slot)  # a free slot has died
            self._check()
        return bool(heard)

    def _until_due(self, timeout_s: float) -> float:
        """Return how long to wait, so that nothing is done late."""
        due = min((running.due_at for running in self._in_slots), default=NEVER)
        return max(0.0, min(timeout_s, due - time.monotonic()))

    def _hear(self, running: RunningAttempt, source: Source) -> None:
        slot = running.slot
        try:
            if source is Source.OUTPUT and (running.is_failing or not running.hear_output()):
                self._slots.end_output(slot)
            elif source is Source.CONTROL:
                running.hear_slot()
            elif source is Source.LEASH:
                running.hear_server()
        except EOFError:
            self._slots.ignore(slot.control if source is Source.CONTROL else slot.leash)
            if source is Source.LEASH:
                running.lose_server()

    def _check(self) -> None:
        self._in_slots.check()
        if any(running.is_server_hung for running in self._in_slots):
            logger.error("The fork server does not answer; it is killed, with all its slots.")
            self._slots.replace_server()

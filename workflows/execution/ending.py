"""How the processes of one attempt are ended, step by step, and when each step is due."""

import time
from dataclasses import dataclass

from runners.slots.slot import Slot

GRACE_S = 4.0
"""Seconds between SIGTERM and SIGKILL."""
READ_ON_S = 2.0
"""How long output is read after the end of a job's leader, as long as anybody holds the pipe."""
LEAVE_AFTER_S = 0.02
"""How long processes may take that have closed the pipe already, and are about to end."""
LEFTOVER_GRACE_S = 0.5
"""Seconds between SIGTERM and SIGKILL for what a job has left behind."""
STOP_MAY_FOLLOW_S = 0.3
"""A SIGTERM to all processes of a service may reach an attempt before its executor."""
ANSWER_WITHIN_S = 2.0
"""How long the fork server may take to confirm an order."""
NEVER = float("inf")


@dataclass(slots=True)
class Ending:
    """The steps to the end of one attempt: it is over once the slot is clean, or gone."""

    slot: Slot
    is_function: bool
    leave_at: float = NEVER
    """When the processes that the job has left are told to end."""
    kill_at: float = NEVER
    hung_at: float = NEVER
    """When the fork server counts as hung, unless it answers before."""
    over_at: float = NEVER
    """When the attempt is over, and may be reported."""
    has_ordered: bool = False
    """The fork server was told to end it, and may do so at any later moment."""

    @property
    def due_at(self) -> float:
        """When the next step is due."""
        return min(self.leave_at, self.kill_at, self.hung_at, self.over_at)

    @property
    def has_ended(self) -> bool:
        """True once nothing is left to end."""
        return self.over_at < NEVER

    def terminate(self, grace_s: float = GRACE_S) -> None:
        """Send SIGTERM to all processes; SIGKILL follows after the grace period."""
        if not self.has_ended:
            self.leave_at = NEVER
            self.kill_at = time.monotonic() + grace_s
            self.has_ordered = True
            self.slot.terminate(is_function=self.is_function)

    def kill(self) -> None:
        """Kill the slot with all processes; the fork server has to confirm it."""
        if not self.has_ended:
            self.kill_at = self.leave_at = NEVER
            self.hung_at = time.monotonic() + ANSWER_WITHIN_S
            self.has_ordered = True
            self.slot.kill()

    def wait_for_leftovers(self) -> None:
        """The leader has ended: wait for what it has left, which may still print something."""
        self.is_function = False  # the slot itself is no longer the job
        if self.kill_at == NEVER:  # else a time-out or a cancellation has given them its own grace
            wait_s = READ_ON_S if self.slot.output >= 0 else LEAVE_AFTER_S
            self.leave_at = time.monotonic() + wait_s

    def hurry(self) -> None:
        """What is left has closed the pipe, so there is nothing more to wait for."""
        if self.leave_at < NEVER:
            self.leave_at = time.monotonic() + LEAVE_AFTER_S

    def do_due(self) -> None:
        """Do the steps that are due."""
        now = time.monotonic()
        if now >= self.leave_at:
            self.terminate(LEFTOVER_GRACE_S)
        if now >= self.kill_at:
            self.kill()

    def finish(self, *, may_be_stop: bool = False) -> None:
        """Nothing is left: the attempt is over; a moment later, if that may prove to be a stop."""
        self.leave_at = self.kill_at = self.hung_at = NEVER
        self.over_at = time.monotonic() + (STOP_MAY_FOLLOW_S if may_be_stop else 0)

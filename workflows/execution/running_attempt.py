"""An attempt that runs in a slot of this executor: what is heard of it, and how it is ended."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from runners.slots.outcome import Outcome
from runners.slots.slot import Slot
from runners.slots.slot_process import DONE, LEFT, NO_ROOM
from workflows.models import TaskAttempt
from workflows.reports.logs import AttemptLog

GRACE_S = 5.0
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
MOST_LAST_READS = 8
NEVER = float("inf")

SERVER_DIED = "the fork server has died; everything of this attempt was ended"


@dataclass(slots=True, eq=False)
class RunningAttempt:
    """
    An attempt that runs in a slot.

    It is over once the slot has said that nothing is left of it, or once the slot is gone with all
    its processes; only then it is reported.
    """

    attempt: TaskAttempt
    slot: Slot
    log: AttemptLog
    is_function: bool
    secrets: Sequence[str] = ()
    started_at: datetime = field(default_factory=timezone.now)
    deadline: float = field(init=False)
    outcome: Outcome | None = None
    ended_by: str = ""
    no_room: str = ""
    """Why nothing was started; the attempt must begin again elsewhere."""
    is_slot_clean: bool = False
    over_at: float = NEVER
    leave_at: float = NEVER
    kill_at: float = NEVER
    hung_at: float = NEVER

    def __post_init__(self) -> None:
        """Let the time begin that the attempt may take."""
        self.deadline = time.monotonic() + self.attempt.timeout_seconds

    @property
    def due_at(self) -> float:
        """When `check` is to be called, at the latest."""
        deadline = self.deadline if self.outcome is None else NEVER
        return min(deadline, self.over_at, self.leave_at, self.kill_at, self.hung_at)

    @property
    def is_server_hung(self) -> bool:
        """True if the fork server has not confirmed in time that it kills this slot."""
        return time.monotonic() >= self.hung_at

    @property
    def is_over(self) -> bool:
        """True if it can be reported."""
        return time.monotonic() >= self.over_at

    def end(self, why: str) -> None:
        """Send SIGTERM to all processes of the attempt; SIGKILL follows after the grace period."""
        if self.ended_by:
            return
        self.ended_by = why
        if self.over_at == NEVER:
            self._terminate(GRACE_S)

    def kill(self) -> None:
        """Kill the slot with all processes of the attempt."""
        self.kill_at = self.leave_at = NEVER
        self.hung_at = time.monotonic() + ANSWER_WITHIN_S
        self.slot.kill()

    def fail(self, why: str) -> None:
        """Kill everything of the attempt, which fails because of trouble on this side."""
        self.ended_by = self.ended_by or why
        if self.over_at == NEVER:
            self.kill()

    def check(self) -> None:
        """Do what is due: end what takes too long, kill what does not end."""
        now = time.monotonic()
        if self.outcome is None and now >= self.deadline:
            self.end(f"timed out after {self.attempt.timeout_seconds} s")
        if now >= self.leave_at:
            self._terminate(LEFTOVER_GRACE_S)
        if now >= self.kill_at:
            self.kill()

    def hear_output(self) -> bool:
        """Take output into the log; return False at its end."""
        output = self.slot.read_output()
        if output is None:
            self._hurry()
            return False
        self.log.write(output)
        return True

    def hear_slot(self) -> None:
        """
        Take what the slot says.

        :raises EOFError: if the slot is dead; the fork server will say that, too.
        """
        for kind, body in self.slot.answers(str(self.attempt.pk)):
            if kind == NO_ROOM:
                self.no_room = body["error"]
                return
            self.outcome = Outcome(**body)
            if kind == LEFT:
                self._wait_for_leftovers()
            elif kind == DONE:
                self._be_over(is_slot_clean=True)
            else:
                self.kill()

    def hear_server(self) -> None:
        """Take what the fork server says of the slot: it is being killed, or it is gone."""
        for _, gone in self.slot.leash.receive():
            self.hung_at = NEVER
            if gone is not None:
                self._be_gone(gone["exit_code"], gone["remaining"])

    def lose_server(self) -> None:
        """End everything of the attempt, because the fork server has died."""
        if self.over_at == NEVER:
            self.slot.kill_without_server()
            self.outcome = Outcome(error=SERVER_DIED)
            self._be_over()

    def read_rest(self) -> None:
        """Take the output that is still in the pipe."""
        for _ in range(MOST_LAST_READS):
            if not (output := self.slot.read_output()):
                break
            self.log.write(output)

    def _terminate(self, grace_s: float) -> None:
        self.leave_at = NEVER
        self.kill_at = time.monotonic() + grace_s
        self.slot.terminate(is_function=self.is_function and self.outcome is None)

    def _wait_for_leftovers(self) -> None:
        """Wait for processes that the job has left, which may still have something to print."""
        if not self.ended_by:  # else they have the grace of a time-out or of a cancellation
            at_end = self.slot.output < 0
            self.leave_at = time.monotonic() + (LEAVE_AFTER_S if at_end else READ_ON_S)

    def _hurry(self) -> None:
        """What is left prints nothing any more."""
        if self.leave_at < NEVER:
            self.leave_at = time.monotonic() + LEAVE_AFTER_S

    def _be_gone(self, exit_code: int | None, remaining: Sequence[int]) -> None:
        if self.slot.control.has_more():
            with suppress(EOFError):
                self.hear_slot()  # it may have said how the job ended, and died then
        if self.outcome is None:
            self.outcome = Outcome(exit_code=exit_code, is_slot_dead=True)
        self.outcome = replace(self.outcome, remaining=remaining)
        self._be_over()

    def _be_over(self, *, is_slot_clean: bool = False) -> None:
        self.is_slot_clean = is_slot_clean
        self.leave_at = self.kill_at = self.hung_at = NEVER
        may_be_stop = self.outcome and self.outcome.is_terminated and not self.ended_by
        self.over_at = time.monotonic() + (STOP_MAY_FOLLOW_S if may_be_stop else 0)

"""An attempt that runs in a slot of this executor: what is heard of it, and why it is ended."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from runners.slots.outcome import Outcome
from runners.slots.slot import Slot
from runners.slots.slot_process import DONE, LEFT, NO_ROOM
from workflows.execution.ending import NEVER, Ending
from workflows.models import TaskAttempt
from workflows.payloads.secrets import Secrets
from workflows.reports.logs import AttemptLog

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
    ending: Ending
    secrets: Secrets = field(default_factory=Secrets)
    started_at: datetime = field(default_factory=timezone.now)
    outcome: Outcome | None = None
    ended_by: str = ""
    no_room: str = ""
    """Why nothing was started; the attempt must begin again elsewhere."""
    is_slot_clean: bool = False
    is_failing: bool = False
    """Its output is read no longer."""
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        """Let the time begin that the attempt may take."""
        self.deadline = time.monotonic() + self.attempt.timeout_seconds

    @property
    def due_at(self) -> float:
        """When `check` is to be called, at the latest."""
        return min(self.deadline, self.ending.due_at)

    @property
    def is_over(self) -> bool:
        """True if it can be reported."""
        return time.monotonic() >= self.ending.over_at

    @property
    def is_server_hung(self) -> bool:
        """True if the fork server has not confirmed in time that it kills this slot."""
        return time.monotonic() >= self.ending.hung_at

    def end(self, why: str) -> None:
        """Send SIGTERM to all processes of the attempt; SIGKILL follows after the grace period."""
        if not self.ended_by:
            self.ended_by = why
            self.ending.terminate()

    def fail(self, why: str) -> None:
        """Kill everything of the attempt, which fails because of trouble on this side."""
        self.is_failing = True
        self.ended_by = self.ended_by or why
        self.ending.kill()

    def check(self) -> None:
        """Do what is due: end what takes too long, kill what does not end."""
        if time.monotonic() >= self.deadline:
            self.deadline = NEVER
            self.end(f"timed out after {self.attempt.timeout_seconds} s")
        self.ending.do_due()

    def hear_output(self) -> bool:
        """Take output into the log; return False at its end."""
        output = self.slot.read_output()
        if output is None:
            self.ending.hurry()
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
            else:
                self._note_outcome(kind, Outcome(**body))

    def hear_server(self) -> None:
        """Take what the fork server says of the slot: it is being killed, or it is gone."""
        for _, gone in self.slot.leash.receive():
            self.ending.hung_at = NEVER
            if gone is not None:
                self._note_gone(**gone)

    def lose_server(self) -> None:
        """End everything of the attempt, because the fork server has died."""
        if not self.ending.has_ended:
            self.slot.kill_without_server()
            self.outcome = Outcome(error=SERVER_DIED)
            self.ending.finish()

    def _note_outcome(self, kind: str, outcome: Outcome) -> None:
        self.outcome = outcome
        self.deadline = NEVER
        if kind == LEFT:
            self.ending.wait_for_leftovers()
        elif kind == DONE:
            # Else an order that is still on its way would end the next attempt in this slot.
            self.is_slot_clean = not self.ending.has_ordered
            self._finish()
        else:
            self.ending.kill()

    def _note_gone(self, exit_code: int | None, remaining: Sequence[int], error: str) -> None:
        if self.slot.control.has_more():
            with suppress(EOFError):
                self.hear_slot()  # it may have said how the job ended, and died then
        outcome = self.outcome or Outcome(exit_code, error=error, is_slot_dead=True)
        self.outcome = replace(outcome, remaining=remaining)
        self.is_slot_clean = False
        self._finish()

    def _finish(self) -> None:
        is_terminated = self.outcome is not None and self.outcome.is_terminated
        self.ending.finish(may_be_stop=is_terminated and not self.ended_by)

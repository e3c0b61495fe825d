"""How a job ended, and the sentence that says why it failed."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runners.base import storable

CLOSED_ITS_CHANNEL = 70
"""The exit code of a slot whose function has closed or replaced the slot's own descriptors."""
TERMINATED = (-signal.SIGTERM, 128 + signal.SIGTERM)
"""The exit codes of a process that SIGTERM has ended, and of a shell that waited for one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: a command with an exit code, a function with a result or an error."""

    exit_code: int | None = None
    result: Any = None
    error: str = ""
    is_slot_dead: bool = False
    """The exit code is that of the slot, which ended before it had said how the job ended."""
    remaining: Sequence[int] = ()
    """Processes of the job that nobody could kill."""

    def as_json(self) -> dict[str, Any]:
        """Return what a slot says of it, for `Outcome(**…)`."""
        return {"exit_code": self.exit_code, "result": self.result, "error": self.error}

    @property
    def failure(self) -> str:
        """Why the job failed, in one sentence; empty if it succeeded."""
        if self.remaining:
            pids = ", ".join(map(str, self.remaining))
            return f"{self._failure or 'it ended'}; processes that cannot be killed remain: {pids}"
        return self._failure

    @property
    def _failure(self) -> str:
        code = self.exit_code or 0
        if self.error:
            return storable(self.error)
        if code < 0:
            return f"killed by {signal_text(-code)}"
        if self.is_slot_dead and code == CLOSED_ITS_CHANNEL:
            return "the function closed descriptors that it had not opened"
        if self.is_slot_dead:
            return f"the process ended itself with exit code {code}"
        return f"exit code {code}" if code else ""

    @property
    def is_terminated(self) -> bool:
        """True if SIGTERM has ended it, whoever sent that."""
        return self.exit_code in TERMINATED


def signal_text(number: int) -> str:
    """Return the name of a signal; real-time signals between the first and the last have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

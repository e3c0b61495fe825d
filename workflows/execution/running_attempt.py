"""An attempt in progress on this machine, and what its end means for its task."""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from runners.process import Outcome, Slot
from workflows.models import TaskAttempt, TaskState
from workflows.models.fields import check_json
from workflows.payloads.secrets import masked
from workflows.reports.apply import Report
from workflows.reports.logs import AttemptLog

GRACE_S = 5.0
"""Between SIGTERM and SIGKILL."""

CANCELED = "canceled"


@dataclass(slots=True, eq=False)
class RunningAttempt:
    """An attempt in progress."""

    attempt: TaskAttempt
    slot: Slot
    log: AttemptLog
    deadline: float
    secrets: Sequence[str] = ()
    begun_at: datetime = field(default_factory=timezone.now)
    ended_by: str = ""
    kill_at: float = float("inf")

    def end(self, why: str) -> None:
        """Ask the process group to end; it is killed after the grace period."""
        if not self.ended_by:
            self.ended_by = why
            self.kill_at = time.monotonic() + GRACE_S
            self.slot.end(signal.SIGTERM)

    def end_if_overdue(self) -> None:
        """Keep the time-out, and the grace period after it."""
        now = time.monotonic()
        if now > self.kill_at:
            self.slot.end(signal.SIGKILL)
        elif now > self.deadline:
            self.end(f"timed out after {self.attempt.timeout_seconds} s")

    def report(self, outcome: Outcome) -> Report:
        """Say what the end of the process means."""
        if self.ended_by == CANCELED:
            return self._report(TaskState.CANCELED, outcome, CANCELED)
        if why := self.ended_by or outcome.failure or _unstorable(outcome):
            return self._report(TaskState.FAILED, outcome, why)
        return self._report(TaskState.SUCCESS, outcome, "")

    def _report(self, status: str, outcome: Outcome, message: str) -> Report:
        result = outcome.result if status == TaskState.SUCCESS else None
        result, message = masked([result, message], self.secrets)
        return Report(
            self.attempt.pk, status, outcome.exit_code, result, message, started_at=self.begun_at
        )


def _unstorable(outcome: Outcome) -> str:
    try:
        check_json(outcome.result)
    except ValidationError as exc:
        return f"the result {exc.message}"
    return ""

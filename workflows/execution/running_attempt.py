"""An attempt that runs in a slot of this executor, and the report when it ends."""

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
from workflows.reports.logs import AttemptLog
from workflows.reports.report import Report

GRACE_S = 5.0
"""Seconds between SIGTERM and SIGKILL."""

CANCELED = "canceled"


@dataclass(slots=True, eq=False)
class RunningAttempt:
    """An attempt that runs in a slot."""

    attempt: TaskAttempt
    slot: Slot
    log: AttemptLog
    deadline: float
    secrets: Sequence[str] = ()
    started_at: datetime = field(default_factory=timezone.now)
    ended_by: str = ""
    kill_at: float = float("inf")

    def end(self, why: str) -> None:
        """Send SIGTERM to the process group; SIGKILL follows after the grace period."""
        if not self.ended_by:
            self.ended_by = why
            self.kill_at = time.monotonic() + GRACE_S
            self.slot.end(signal.SIGTERM)

    def end_if_overdue(self) -> None:
        """End the process group after its time-out; kill it after the grace period."""
        now = time.monotonic()
        if now > self.kill_at:
            self.slot.end(signal.SIGKILL)
        elif now > self.deadline:
            self.end(f"timed out after {self.attempt.timeout_seconds} s")

    def report(self, outcome: Outcome) -> Report:
        """Build the report for a finished process."""
        if self.ended_by == CANCELED:
            return self._build_report(TaskState.CANCELED, outcome, CANCELED)
        if why := self.ended_by or outcome.failure or _unstorable(outcome):
            return self._build_report(TaskState.FAILED, outcome, why)
        return self._build_report(TaskState.SUCCESS, outcome, "")

    def _build_report(self, status: str, outcome: Outcome, message: str) -> Report:
        result = outcome.result if status == TaskState.SUCCESS else None
        result, message = masked([result, message], self.secrets)
        return Report(
            self.attempt.pk, status, outcome.exit_code, result, message, started_at=self.started_at
        )


def _unstorable(outcome: Outcome) -> str:
    """Return why a result cannot be stored; empty if it can."""
    try:
        check_json(outcome.result)
    except ValidationError as exc:
        return f"the result {exc.message}"
    return ""

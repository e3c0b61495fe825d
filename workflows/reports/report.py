"""A report on an attempt, the task that it is about, and which reports are refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from workflows.models import LogPiece, Task, TaskState
from workflows.models.attempt import status_of
from workflows.models.bounds import IN_LOG, cut
from workflows.runs.events import Transition, states_of
from workflows.runs.log_digest import UNKNOWN_LOG, LogDigest

TRANSITIONS: Mapping[str, Transition] = {
    TaskState.RUNNING: Task.start,
    TaskState.SUCCESS: Task.succeed,
    TaskState.FAILED: Task.fail,
    TaskState.CANCELED: Task.cancel,
}


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported about one attempt. `status` is a key of TRANSITIONS."""

    attempt_id: UUID
    status: str
    exit_code: int | None = None
    result: Any = None
    message: str = ""
    started_at: datetime | None = None
    """When the attempt started, if that has not been reported before."""
    is_lost: bool = False
    """No further report on the attempt will come: recovery has found it, or a person says so."""
    may_still_run: bool = False
    """The attempt is given up although it may still run; later reports on it are refused."""
    reason: str = ""
    """Why a person reports this."""
    log: LogDigest = UNKNOWN_LOG
    """Of the log that is stored with the report, or was stored before it."""
    pieces: Sequence[LogPiece] = ()
    """The log, if it is to be stored once the report is accepted."""

    def __post_init__(self) -> None:
        """Cut the message: whoever reports has written the whole into the log."""
        object.__setattr__(self, "message", cut(self.message, rest=IN_LOG))

    def event_payload(self) -> dict[str, Any]:
        """Return what the event of the report keeps."""
        return {
            "attempt_id": str(self.attempt_id),
            **({"exit_code": self.exit_code} if self.exit_code is not None else {}),
            **({"message": self.message} if self.message else {}),
        }


@dataclass(slots=True, eq=False)
class ReportedTask:
    """A task, its state and id, and the attempt of it that a report is about."""

    attempt_number: int
    attempt_outcome: str
    attempt_started_at: Any
    was_given_up: bool
    pk: int
    state: str
    attempt_count: int
    runner_id: int | None
    capacity: int | None

    @property
    def status(self) -> str:
        """The state of the task as far as this attempt took it."""
        return status_of(self.attempt_outcome, self.attempt_started_at)

    def objection_to(self, report: Report) -> str:
        """Return why a report cannot be applied; empty if it can, or repeats what is known."""
        if self.was_given_up:
            return f"attempt {self.attempt_number} of task {self.pk} was given up"
        if self.status == report.status:
            return ""
        if self.attempt_number != self.attempt_count:
            return f"attempt {self.attempt_number} of task {self.pk} is outdated"
        if self.attempt_outcome or self.state not in states_of(TRANSITIONS[report.status])[0]:
            return f"task {self.pk} is {self.state}, it cannot become {report.status}"
        return ""

"""The answer to dispatch-ready, the same behind every door."""

from dataclasses import dataclass
from typing import Any

from runners.base import Submission
from workflows.models import TaskAttempt
from workflows.runs.readiness import Blocked


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A task that was handed out."""

    task_id: int
    attempt_id: str
    runner_payload: dict[str, Any]
    runner_submission: Submission

    @classmethod
    def of(cls, attempt: TaskAttempt, submission: Submission) -> "Dispatch":
        """Describe an attempt and what became of handing it over."""
        return cls(attempt.task_id, str(attempt.pk), attempt.payload, submission)

    def as_json(self, *, dry_run: bool = False) -> dict[str, Any]:
        """Return the form that the API answers with; a dry run makes no attempt to name."""
        return {
            "task_id": self.task_id,
            "attempt_id": None if dry_run else self.attempt_id,
            "runner_payload": self.runner_payload,
            "runner_submission": self.runner_submission.as_json(),
        }


@dataclass(frozen=True, slots=True)
class DispatchResult:
    """What was dispatched; or that nothing was, why, and what blocks."""

    run_id: int
    limit: int | None
    dispatches: tuple[Dispatch, ...]
    reason: str | None = None
    blocked: tuple[Blocked, ...] = ()
    dry_run: bool = False

    def as_json(self, *, most: int | None = None) -> dict[str, Any]:
        """Return the form that the API answers with, at most so many entries in each list."""
        sent = [dispatch.as_json(dry_run=self.dry_run) for dispatch in self.dispatches[:most]]
        answer: dict[str, Any] = {
            "run_id": self.run_id,
            "dispatched": bool(sent),
            "task_id": sent[0]["task_id"] if sent else None,
            "reason": self.reason,
            "dispatch": sent[0] if sent else None,
        }
        if not sent:
            answer["blocked"] = [task.as_json() for task in self.blocked[:most]]
        if self.limit != 1:
            answer["dispatches"] = sent
        return answer

    def as_kept(self, most: int) -> dict[str, Any]:
        """Return the form that the run keeps: shortened, and saying so."""
        kept = self.as_json(most=most)
        left_out = max(len(self.dispatches), len(self.blocked)) - most
        return {**kept, "left_out": left_out} if left_out > 0 else kept

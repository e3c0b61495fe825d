"""The answer to dispatch-ready, the same behind every door."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from runners.base import Submission
from workflows.dispatch.runner_pool import RunnerPool
from workflows.models import Event, EventType, Task, TaskAttempt, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.events import record
from workflows.runs.readiness import NOTHING_LEFT, PRECEDENCE, Blocked, blocked_tasks


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


MOST_KEPT = 100
"""How many entries of an answer's lists the run keeps; the answer itself has all of them."""


@dataclass(slots=True)
class _Call:
    """One call of dispatch-ready, over all of its rounds."""

    run_id: int
    limit: int | None
    by: Actor
    dry_run: bool
    pool: RunnerPool = field(default_factory=RunnerPool)
    handed_out: list[TaskAttempt] = field(default_factory=list)
    sent: dict[TaskAttempt, Dispatch] = field(default_factory=dict)

    @property
    def room(self) -> int | None:
        return None if self.limit is None else self.limit - len(self.sent)

    @property
    def dispatches(self) -> tuple[Dispatch, ...]:
        return tuple(filter(None, map(self.sent.get, self.handed_out)))


def _foreseen(attempt: TaskAttempt) -> Submission:
    """Say what becomes of an attempt whose runner need not be called, or will not be (dry run)."""
    return Submission(
        submitted=not attempt.outcome,
        runner=attempt.runner_name,
        runner_url=None,
        runner_task_status=attempt.outcome or "queued",
        message=attempt.message or f"waits for runner {attempt.runner_name}",
    )


def _conclude(run: WorkflowRun, call: _Call) -> DispatchResult:
    """Answer, and keep the answer with the run."""
    blocked: tuple[Blocked, ...] = ()
    reason = None
    if not call.sent:
        blocked = (*_refused(run, call.pool), *blocked_tasks(run))
        reason = _reason(blocked)
        _note_nothing_ready(run, reason, len(blocked), by=call.by)
    result = DispatchResult(
        run.pk, call.limit, call.dispatches, reason, blocked, dry_run=call.dry_run
    )
    run.last_dispatch = result.as_kept(MOST_KEPT)
    return result


def _refused(run: WorkflowRun, pool: RunnerPool) -> Iterator[Blocked]:
    """Yield the ready tasks that were tried in this call and could not go out."""
    for task in Task.objects.ready().filter(run=run):
        if why := pool.refusal_of(task):
            yield Blocked(task.pk, task.step_id, why)


def _reason(blocked: Sequence[Blocked]) -> str:
    """Return the reason that counts most: a refusal, then the order of the contract."""
    reasons = {task.reason: None for task in blocked}
    if not reasons:
        return NOTHING_LEFT
    refusals = [reason for reason in reasons if reason not in PRECEDENCE]
    return refusals[0] if refusals else min(reasons, key=PRECEDENCE.index)


def _note_nothing_ready(run: WorkflowRun, reason: str, blocked: int, *, by: Actor) -> None:
    """Write one event; an operator's tenth click in a row only counts up."""
    last = Event.objects.filter(run=run).order_by("-id").first()
    same = last and (last.event_type, last.reason, last.actor) == (
        EventType.NOTHING_READY,
        reason,
        by.name,
    )
    if last and same:
        last.payload = {"count": last.payload["count"] + 1, "blocked": blocked}
        last.save(update_fields=["payload"])
    else:
        payload = {"count": 1, "blocked": blocked}
        record(EventType.NOTHING_READY, run=run, by=by, reason=reason, payload=payload)

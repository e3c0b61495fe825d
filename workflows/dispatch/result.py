"""The result of dispatch-ready, the same for the API, the admin and the commands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from runners.base import Submission
from workflows.dispatch.runner_pool import RunnerPool
from workflows.models import Event, EventType, Task, TaskAttempt, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.events import record
from workflows.runs.readiness import NOTHING_LEFT, PRECEDENCE, Blocked, blocked_tasks


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A task that was dispatched, and its submission to the runner."""

    task_id: int
    attempt_id: str
    runner_payload: dict[str, Any]
    runner_submission: Submission

    @classmethod
    def of(cls, attempt: TaskAttempt, submission: Submission) -> "Dispatch":
        """Describe an attempt and its submission."""
        return cls(attempt.task_id, str(attempt.pk), attempt.payload, submission)

    @classmethod
    def unsubmitted(cls, attempt: TaskAttempt) -> "Dispatch":
        """Describe an attempt whose runner is not called: it pulls, or this is a dry run."""
        submission = Submission(
            submitted=not attempt.outcome,
            runner=attempt.runner_name,
            runner_url=None,
            runner_task_status=attempt.outcome or "queued",
            message=attempt.message or f"waits for runner {attempt.runner_name}",
        )
        return cls.of(attempt, submission)

    def as_json(self, *, dry_run: bool = False) -> dict[str, Any]:
        """Return the JSON of the API; a dry run has no attempt whose id could be given."""
        return {
            "task_id": self.task_id,
            "attempt_id": None if dry_run else self.attempt_id,
            "runner_payload": self.runner_payload,
            "runner_submission": self.runner_submission.as_json(),
        }


@dataclass(frozen=True, slots=True)
class DispatchResult:
    """What was dispatched; if nothing was, the reason and the blocked tasks."""

    run_id: int
    limit: int | None
    dispatches: tuple[Dispatch, ...]
    reason: str | None = None
    blocked: tuple[Blocked, ...] = ()
    dry_run: bool = False

    def as_json(self, *, most: int | None = None) -> dict[str, Any]:
        """Return the JSON of the API, with at most `most` entries in each list."""
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
        """Return the JSON that is stored with the run: `left_out` entries are missing."""
        kept = self.as_json(most=most)
        left_out = max(len(self.dispatches), len(self.blocked)) - most
        return {**kept, "left_out": left_out} if left_out > 0 else kept


MOST_KEPT = 100
"""How many entries of a result's lists are stored with the run; the result itself has them all."""


def why_nothing_dispatched(
    run: WorkflowRun, pool: RunnerPool, task_id: int | None = None
) -> tuple[str, tuple[Blocked, ...]]:
    """
    Return the reason that counts most, and the tasks that are blocked, each with its own.

    :param task_id: the only task that was asked for.
    """
    blocked = (*_refused_tasks(run, pool), *blocked_tasks(run))
    if task_id is None:
        return _first_reason(blocked), blocked
    asked_for = tuple(task for task in blocked if task.task_id == task_id)
    if asked_for:
        return asked_for[0].reason, asked_for
    state = Task.objects.values_list("state", flat=True).get(pk=task_id)
    return f"task {task_id} is {state}", ()


def record_nothing_ready(run: WorkflowRun, reason: str, blocked: int, *, by: Actor) -> None:
    """Record one event; if it repeats the run's latest event, count that up instead."""
    last = Event.objects.filter(run=run).order_by("-id").first()
    same = last and (last.event_type, last.reason, last.actor, last.actor_user) == (
        EventType.NOTHING_READY,
        reason,
        by.name,
        by.user,
    )
    if last and same:
        last.payload = {"count": last.payload["count"] + 1, "blocked": blocked}
        last.save(update_fields=["payload"])
    else:
        payload = {"count": 1, "blocked": blocked}
        record(EventType.NOTHING_READY, run=run, by=by, reason=reason, payload=payload)


def _refused_tasks(run: WorkflowRun, pool: RunnerPool) -> Iterator[Blocked]:
    """Yield the ready tasks whose runner refused them, or had no free place, in this call."""
    for task in Task.objects.ready().filter(run=run):
        if reason := pool.refusal_of(task):
            yield Blocked(task.pk, task.step_id, reason)


def _first_reason(blocked: Sequence[Blocked]) -> str:
    """Return a refusal if there is one, else the first reason in the order of the API."""
    reasons = {task.reason: None for task in blocked}
    if not reasons:
        return NOTHING_LEFT
    refusals = [reason for reason in reasons if reason not in PRECEDENCE]
    return refusals[0] if refusals else min(reasons, key=PRECEDENCE.index)

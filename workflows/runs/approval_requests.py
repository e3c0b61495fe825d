"""Requests a person's approval of a task."""

from workflows.models import Approval, ApprovalStatus, EventType, Task, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.blocking import block
from workflows.runs.events import record


def request_approval(run: WorkflowRun | None, task: Task, *, by: Actor) -> Approval:
    """Let a task wait for an approval. The caller holds the lock."""
    block(task, awaits_approval=True)
    event = record(EventType.APPROVAL_PENDING, run=run, task=task, by=by)
    return Approval.objects.create(task=task, created_at=event.created_at)


def request_again_if_rejected(run: WorkflowRun | None, task: Task, *, by: Actor) -> None:
    """Let a task wait for a second approval if it is pending again after a rejection."""
    if task.requires_approval and _was_rejected(task):
        request_approval(run, task, by=by)


def _was_rejected(task: Task) -> bool:
    return task.approvals.latest("id").status == ApprovalStatus.REJECTED

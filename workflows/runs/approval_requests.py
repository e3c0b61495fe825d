"""A task begins to wait for a person's word."""

from django.db.models import F

from workflows.models import (
    Approval,
    ApprovalStatus,
    EventType,
    Task,
    WorkflowRun,
)
from workflows.models.actor import Actor
from workflows.runs.events import record


def request_approval(run: WorkflowRun | None, task: Task, *, by: Actor) -> Approval:
    """Make a task wait for a person's word. The caller holds the lock."""
    Task.objects.filter(pk=task.pk).update(awaits_approval=True, unmet_count=F("unmet_count") + 1)
    record(EventType.APPROVAL_PENDING, run=run, task=task, by=by)
    return Approval.objects.create(task=task)


def request_again_if_rejected(run: WorkflowRun | None, task: Task, *, by: Actor) -> None:
    """Let a task that returns to the queue after a rejection wait for another decision."""
    if task.requires_approval and _was_rejected(task):
        request_approval(run, task, by=by)


def _was_rejected(task: Task) -> bool:
    return task.approvals.latest("id").status == ApprovalStatus.REJECTED

"""A task begins to wait for a person's word."""

from django.db.models import F

from workflows.models import Approval, EventType, Task, WorkflowRun
from workflows.runs.events import record


def ask(run: WorkflowRun | None, task: Task, *, by: str) -> Approval:
    """Make a task wait for a person's word. The caller holds the lock."""
    Task.objects.filter(pk=task.pk).update(awaits_approval=True, unmet_count=F("unmet_count") + 1)
    record(EventType.APPROVAL_PENDING, run=run, task=task, by=by)
    return Approval.objects.create(task=task)

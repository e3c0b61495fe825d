"""The audit trail: one event for each thing that happened, written once."""

from django.db import models
from django.utils import timezone


class EventType(models.TextChoices):
    """Everything that leaves an event."""

    RUN_CREATED = "workflow_run.created"
    RUN_RUNNING = "workflow_run.running"
    RUN_PAUSED = "workflow_run.paused"
    RUN_RESUMED = "workflow_run.resumed"
    RUN_ABORTED = "workflow_run.aborted"
    RUN_SUCCEEDED = "workflow_run.succeeded"
    RUN_FAILED = "workflow_run.failed"
    RUN_DEADLOCKED = "workflow_run.deadlocked"
    TASK_CREATED = "task.created"
    TASK_DISPATCHED = "task.dispatched"
    TASK_SUBMIT_FAILED = "task.submit_failed"
    TASK_RUNNING = "task.running"
    TASK_SUCCEEDED = "task.succeeded"
    TASK_FAILED = "task.failed"
    TASK_CANCELED = "task.canceled"
    TASK_CANCEL_REQUESTED = "task.cancel_requested"
    TASK_RETRIED = "task.retried"
    TASK_MARKED_SUCCESS = "task.marked_success"
    TASK_HELD = "task.held"
    TASK_RELEASED = "task.released"
    TASK_LOST = "task.lost"
    TASK_ASKED = "task.asked"
    TASK_REPORT_REFUSED = "task.report_refused"
    APPROVAL_PENDING = "approval.pending"
    APPROVAL_APPROVED = "approval.approved"
    APPROVAL_REJECTED = "approval.rejected"
    NOTHING_READY = "dispatch.nothing_ready"


class Event(models.Model):
    """One line of the trail: who did what to which task, when and why. Never edited."""

    event_type = models.CharField(max_length=40, choices=EventType.choices)
    # PROTECT: a run or a task that has events cannot be deleted.
    run = models.ForeignKey(
        "WorkflowRun", models.PROTECT, null=True, related_name="events", db_index=False
    )
    task = models.ForeignKey(
        "Task", models.PROTECT, null=True, related_name="events", db_index=False
    )
    actor = models.CharField(max_length=150, blank=True)
    reason = models.TextField(blank=True)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["run", "id"], name="event_of_run"),
            models.Index(fields=["task", "id"], name="event_of_task"),
        ]

    def __str__(self) -> str:
        return self.event_type

"""The audit trail: one event for each thing that happened, written once."""

from collections.abc import Iterable

from django.db import models
from django.utils import timezone

from workflows.models.actor import LONGEST_NAME, LONGEST_WAY
from workflows.models.bounds import MessageField
from workflows.models.choices import rare
from workflows.models.fields import DetailsField


class EventType(models.TextChoices):
    """Everything in the core that leaves an event; other apps register types of their own."""

    RUN_CREATED = "workflow_run.created"
    RUN_RUNNING = "workflow_run.running"
    RUN_PAUSED = "workflow_run.paused"
    RUN_RESUMED = "workflow_run.resumed"
    AUTO_DISPATCH_SET = "workflow_run.auto_dispatch_set"
    RUN_LABELED = "workflow_run.labeled"
    RUN_NOTED = "workflow_run.noted"
    RUN_ABORTED = "workflow_run.aborted"
    RUN_SUCCEEDED = "workflow_run.succeeded"
    RUN_FAILED = "workflow_run.failed"
    RUN_DEADLOCKED = "workflow_run.deadlocked"
    RUN_KEPT = "workflow_run.kept"
    RUN_NOT_KEPT = "workflow_run.not_kept"
    RUN_LOGS_REMOVED = "workflow_run.logs_removed"
    RUN_SECRETS_REMOVED = "workflow_run.secrets_removed"
    RUN_REMOVED = "workflow_run.removed"
    RETENTION_CHANGED = "workflow_template.retention_changed"
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


FREQUENT = {
    "event_type": (
        EventType.TASK_CREATED,
        EventType.TASK_DISPATCHED,
        EventType.TASK_RUNNING,
        EventType.TASK_SUCCEEDED,
    )
}
"""Nearly every task leaves one of each."""

_registered = dict.fromkeys(EventType.values)


def register_event_types(types: Iterable[str]) -> None:
    """Let lists be filtered by types of events that another app writes; call it in `ready()`."""
    _registered.update(dict.fromkeys(map(str, types)))


def event_type_choices() -> list[tuple[str, str]]:
    """Return every known type of event, as the choices of a filter."""
    return [(name, name) for name in _registered]


class Event(models.Model):
    """
    One line of the trail: who did what to which task, when and why. Never edited.

    What concerns no run, such as a trigger that started none, has neither run nor task.
    """

    event_type = models.CharField(max_length=100)
    # PROTECT: a run or a task that has events cannot be deleted.
    run = models.ForeignKey(
        "WorkflowRun", models.PROTECT, null=True, related_name="events", db_index=False
    )
    task = models.ForeignKey(
        "Task", models.PROTECT, null=True, related_name="events", db_index=False
    )
    actor = models.CharField(max_length=LONGEST_NAME, blank=True)
    actor_user = models.CharField(max_length=LONGEST_NAME, blank=True, default="", db_default="")
    actor_via = models.CharField(max_length=LONGEST_WAY, blank=True, default="", db_default="")
    reason = MessageField(blank=True)
    payload = DetailsField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    # Of this event, of what it covers, and of the event before it: see `workflows/runs/chain.py`.
    # Null, not empty: processes of earlier releases leave no digest.
    digest = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001

    FREQUENT = FREQUENT

    class Meta:
        ordering = ["id"]
        # Of a run, of a task, of a span of time; and those that are not written for every task, by
        # type.
        indexes = [
            models.Index(fields=["run", "id"], name="event_of_run"),
            models.Index(fields=["task", "id"], name="event_of_task"),
            # Of notes alone: other events only pay for the comparison.
            models.Index(
                fields=["run"],
                condition=models.Q(event_type="workflow_run.noted"),
                name="event_note",
            ),
            models.Index(fields=["created_at"], name="event_by_time"),
            models.Index(
                fields=["event_type", "id"],
                name="event_by_type",
                condition=rare("event_type", FREQUENT["event_type"]),
            ),
        ]

    def __str__(self) -> str:
        return self.event_type

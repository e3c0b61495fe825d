"""The approval of a task by a person."""

from django.db import models
from django.utils import timezone

from workflows.models.actor import LONGEST_NAME
from workflows.models.bounds import MessageField
from workflows.models.task import Task


class ApprovalStatus(models.TextChoices):
    """The states of an approval; it is decided once."""

    PENDING = "pending"
    """There is no decision yet; the task waits."""
    APPROVED = "approved"
    """The task no longer waits for a person."""
    REJECTED = "rejected"
    """The task was canceled by the decision."""


class Approval(models.Model):
    """The decision that a task waits for. A rejection or a reset is followed by another."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="approvals")
    status = models.CharField(
        max_length=10, choices=ApprovalStatus.choices, default=ApprovalStatus.PENDING
    )
    reason = MessageField(
        blank=True,
        default="",
        db_default="",
        help_text="Why it was requested again; empty for the first request of a task.",
    )
    decided_by = models.CharField(max_length=LONGEST_NAME, blank=True)
    decided_by_user = models.CharField(
        max_length=LONGEST_NAME, blank=True, default="", db_default=""
    )
    comment = MessageField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        permissions = [("decide_approval", "Can approve and reject tasks")]
        constraints = [
            models.UniqueConstraint(
                fields=["task"],
                condition=models.Q(status=ApprovalStatus.PENDING),
                name="approval_one_pending",
            )
        ]
        indexes = [
            models.Index(fields=["status", "id"], name="approval_by_status"),
            models.Index(fields=["created_at"], name="approval_by_time"),
        ]

    def __str__(self) -> str:
        return f"approval {self.pk}"

"""Bodies and responses of `/approvals`."""

from rest_framework import serializers

from workflows.api.serializers.base import RowAnswer, StrictCharField, StrictSerializer
from workflows.models import Approval


class CommentBody(StrictSerializer):
    """A comment on the decision."""

    comment = StrictCharField(required=False, allow_blank=True, max_length=2_000)


class ApprovalAnswer(RowAnswer[Approval]):
    """An approval that a task waits for or waited for."""

    task_id = serializers.IntegerField()
    run_id = serializers.IntegerField(source="task.run_id", allow_null=True)
    step_id = serializers.CharField(source="task.step_id", allow_null=True)
    title = serializers.CharField(source="task.title")

    class Meta:
        model = Approval
        fields = [
            "id",
            "status",
            "task_id",
            "run_id",
            "step_id",
            "title",
            "reason",
            "decided_by",
            "comment",
            "created_at",
            "decided_at",
        ]

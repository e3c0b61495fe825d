"""Body and response of `dispatch-ready`."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from workflows.api.serializers.base import (
    ObjectField,
    StrictBooleanField,
    StrictIntegerField,
    StrictSerializer,
)

MAX_DISPATCH_LIMIT = 10_000


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": 1, "maximum": MAX_DISPATCH_LIMIT},
            {"type": "string", "enum": ["all"]},
        ],
        "default": 1,
    }
)
class LimitField(serializers.Field[int | None, Any, Any, Any]):
    """A number of tasks, or "all"."""

    default_error_messages = {
        "invalid": f'Give a whole number from 1 to {MAX_DISPATCH_LIMIT}, or "all".'
    }

    def to_internal_value(self, data: Any) -> int | None:
        """Return the number; None means all."""
        if data == "all":
            return None
        if type(data) is int and 1 <= data <= MAX_DISPATCH_LIMIT:
            return data
        return self.fail("invalid")


class DispatchBody(StrictSerializer):
    """How many tasks to dispatch, or which; a dry run returns the same and writes nothing."""

    limit = LimitField(required=False)
    dry_run = StrictBooleanField(required=False)
    task_id = StrictIntegerField(required=False, min_value=1, help_text="This one, or why not.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a limit for one task."""
        if "task_id" in attrs and "limit" in attrs:
            raise ValidationError({"limit": ["Leave it out: task_id names the only task."]})
        return attrs


class CauseAnswer(serializers.Serializer[Any]):
    """A task that keeps others from becoming ready."""

    task_id = serializers.IntegerField()
    step_id = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    status = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)


class BlockedAnswer(serializers.Serializer[Any]):
    """A pending task that cannot be dispatched now, the reason and its root causes."""

    task_id = serializers.IntegerField()
    step_id = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    root_causes = CauseAnswer(many=True)
    more_root_causes = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)
    resume_at = serializers.DateTimeField(allow_null=True)


class SubmissionAnswer(serializers.Serializer[Any]):
    """The outcome of submitting a task to its runner."""

    submitted = serializers.BooleanField()
    runner = serializers.CharField()
    runner_url = serializers.CharField(allow_null=True)
    runner_task_status = serializers.CharField()
    message = serializers.CharField()


class SentAnswer(serializers.Serializer[Any]):
    """A dispatched task; a dry run creates no attempt, so its id is null."""

    task_id = serializers.IntegerField()
    attempt_id = serializers.UUIDField(allow_null=True)
    runner_payload = ObjectField()
    runner_submission = SubmissionAnswer()


class DispatchAnswer(serializers.Serializer[Any]):
    """The dispatched tasks; if there are none, the reason and the blocked tasks."""

    run_id = serializers.IntegerField()
    dispatched = serializers.BooleanField()
    task_id = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField(allow_null=True)
    dispatch = SentAnswer(allow_null=True)
    blocked = BlockedAnswer(many=True, required=False, help_text="Only if nothing was dispatched.")
    dispatches = SentAnswer(many=True, required=False, help_text="Only if the limit was not 1.")

"""What dispatch-ready takes, and the form of its answer."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workflows.api.serializers.base import Strict, Switch

MOST_DISPATCHED = 10_000


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": 1, "maximum": MOST_DISPATCHED},
            {"type": "string", "enum": ["all"]},
        ],
        "default": 1,
    }
)
class Limit(serializers.Field[int | None, Any, Any, Any]):
    """A number of tasks, or "all"."""

    default_error_messages = {
        "invalid": f'Give a whole number from 1 to {MOST_DISPATCHED}, or "all".'
    }

    def to_internal_value(self, data: Any) -> int | None:
        """Return the number; None for all."""
        if data == "all":
            return None
        if type(data) is int and 1 <= data <= MOST_DISPATCHED:
            return data
        return self.fail("invalid")


class DispatchBody(Strict):
    """How much to dispatch; a dry run answers the same and writes nothing."""

    limit = Limit(required=False)
    dry_run = Switch(required=False)


class CauseAnswer(serializers.Serializer[Any]):
    """A task that keeps others from ever being ready."""

    task_id = serializers.IntegerField()
    step_id = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    status = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)


class BlockedAnswer(serializers.Serializer[Any]):
    """A pending task that cannot be dispatched now, why, and down to which root causes."""

    task_id = serializers.IntegerField()
    step_id = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    root_causes = CauseAnswer(many=True)
    more_root_causes = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)
    resume_at = serializers.DateTimeField(allow_null=True)


class SubmissionAnswer(serializers.Serializer[Any]):
    """What became of handing a task to its runner."""

    submitted = serializers.BooleanField()
    runner = serializers.CharField()
    runner_url = serializers.CharField(allow_null=True)
    runner_task_status = serializers.CharField()
    message = serializers.CharField()


class SentAnswer(serializers.Serializer[Any]):
    """A task that was handed out; a dry run makes no attempt to name."""

    task_id = serializers.IntegerField()
    attempt_id = serializers.UUIDField(allow_null=True)
    runner_payload = serializers.DictField()
    runner_submission = SubmissionAnswer()


class DispatchAnswer(serializers.Serializer[Any]):
    """What was dispatched; or that nothing was, why, and what blocks."""

    run_id = serializers.IntegerField()
    dispatched = serializers.BooleanField()
    task_id = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField(allow_null=True)
    dispatch = SentAnswer(allow_null=True)
    blocked = BlockedAnswer(many=True, required=False, help_text="If nothing was dispatched.")
    dispatches = SentAnswer(many=True, required=False, help_text="If the limit was not 1.")

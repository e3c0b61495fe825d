"""Body and response of `dispatch-ready`."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from workflows.api.serializers.base import (
    Moment,
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

    limit = LimitField(
        required=False, help_text='At most so many tasks, or "all"; default: the first ready one.'
    )
    dry_run = StrictBooleanField(required=False)
    task_id = StrictIntegerField(
        required=False,
        min_value=1,
        help_text="This task though others are ready before it; or why it cannot be.",
    )

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
    reason = serializers.CharField(
        allow_blank=True, help_text="Why it is in this state, such as `exit code 2`."
    )


class BlockedTaskAnswer(serializers.Serializer[Any]):
    """A pending task that cannot be dispatched now, the reason and its root causes."""

    task_id = serializers.IntegerField()
    step_id = serializers.CharField(allow_null=True)
    reason = serializers.CharField(
        help_text="What it waits for: `dependencies not satisfied`, `waiting for approval`, "
        "`on hold` or what its runner says."
    )
    root_causes = CauseAnswer(many=True)
    more_root_causes = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)
    resume_at = Moment(allow_null=True)


class SubmissionAnswer(serializers.Serializer[Any]):
    """The outcome of submitting a task to its runner."""

    submitted = serializers.BooleanField(help_text="Its runner has it, or will fetch it.")
    runner = serializers.CharField(help_text="The name of the runner.")
    runner_url = serializers.CharField(
        allow_null=True, help_text="The address that was called; null: none was."
    )
    runner_task_status = serializers.CharField(help_text="The state that the runner answered.")
    message = serializers.CharField(help_text="What the runner answered, or why it was not asked.")


class DispatchedTaskAnswer(serializers.Serializer[Any]):
    """A dispatched task; a dry run creates no attempt, so its id is null."""

    task_id = serializers.IntegerField()
    attempt_id = serializers.UUIDField(allow_null=True, help_text="Null in a dry run.")
    runner_payload = ObjectField(help_text="The payload, with all expressions filled in.")
    runner_submission = SubmissionAnswer(help_text="How its runner took it.")


class DispatchAnswer(serializers.Serializer[Any]):
    """The dispatched tasks; if there are none, the reason and the blocked tasks."""

    run_id = serializers.IntegerField()
    optional = ("blocked", "dispatches")

    dispatched = serializers.BooleanField(help_text="True if at least one task was dispatched.")
    task_id = serializers.IntegerField(
        allow_null=True, help_text="The first dispatched task; null: none was."
    )
    reason = serializers.CharField(
        allow_null=True, help_text="Why nothing was dispatched; null: something was."
    )
    dispatch = DispatchedTaskAnswer(
        allow_null=True, help_text="The first dispatched task with its attempt; null: none was."
    )
    blocked = BlockedTaskAnswer(
        many=True, required=False, help_text="Only if nothing was dispatched."
    )
    dispatches = DispatchedTaskAnswer(
        many=True, required=False, help_text="Only if the limit was not 1."
    )

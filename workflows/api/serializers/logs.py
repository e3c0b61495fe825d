"""Query and response of `/tasks/{id}/log`."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from workflows.api.serializers.base import StrictSerializer


class AttemptField(serializers.CharField):
    """The number or the id of an attempt."""

    default_error_messages = {"unknown": "Give the number or the id of an attempt."}

    def to_internal_value(self, data: Any) -> Any:
        """Return a number or a UUID."""
        text = super().to_internal_value(data)
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        try:
            return UUID(text)
        except ValueError:
            return self.fail("unknown")


class LogQuery(StrictSerializer):
    """The attempt, and the character to start from."""

    attempt = AttemptField(
        required=False, help_text="The number or the id of an attempt; default: the last attempt."
    )
    after = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=2**53,
        help_text="Characters to skip: to read on, the `length` of the last response.",
    )


class LogAnswer(serializers.Serializer[Any]):
    """The log of an attempt; it may grow while `status` is dispatched or running."""

    task_id = serializers.IntegerField()
    attempt_id = serializers.UUIDField(
        allow_null=True, help_text="The attempt whose log it is; null: there was none yet."
    )
    attempt_number = serializers.IntegerField(allow_null=True, help_text="Its number.")
    status = serializers.CharField(allow_null=True, help_text="The state of the attempt.")
    after = serializers.IntegerField(help_text="How many characters were skipped.")
    text = serializers.CharField(help_text="The log after these.")
    length = serializers.IntegerField(help_text="Length of the whole log so far, in characters.")

"""Which log is asked for, and the answer."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from workflows.api.serializers.base import Strict


class AttemptName(serializers.CharField):
    """The number of an attempt, or its id."""

    default_error_messages = {"unknown": "Give the number of an attempt, or its id."}

    def to_internal_value(self, data: Any) -> Any:
        """Return a number or a UUID."""
        text = super().to_internal_value(data)
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        try:
            return UUID(text)
        except ValueError:
            return self.fail("unknown")


class LogQuery(Strict):
    """Which attempt's log, and from where on."""

    attempt = AttemptName(
        required=False, help_text="The number of an attempt, or its id; the last one if left out."
    )
    after = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=2**53,
        help_text="Leave out so many characters: `length` of the last answer, to read on.",
    )


class LogAnswer(serializers.Serializer[Any]):
    """The log of an attempt. While `status` is dispatched or running, more may come."""

    task_id = serializers.IntegerField()
    attempt_id = serializers.UUIDField(allow_null=True)
    attempt_number = serializers.IntegerField(allow_null=True)
    status = serializers.CharField(allow_null=True)
    after = serializers.IntegerField()
    text = serializers.CharField()
    length = serializers.IntegerField(help_text="Characters of the whole log so far.")

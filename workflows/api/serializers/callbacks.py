"""Bodies and responses of the callbacks of runners."""

from typing import Any

from rest_framework import serializers

from workflows.api.serializers.base import WordedSerializer

STATUSES = ["running", "success", "failed", "canceled"]


class CallbackBody(serializers.Serializer[Any]):
    """A runner's report about a task; nulls and unknown fields are tolerated."""

    status = serializers.ChoiceField(STATUSES, help_text="What the task does now.")
    message = serializers.CharField(required=False, allow_null=True)
    exit_code = serializers.IntegerField(required=False, allow_null=True)
    stdout = serializers.CharField(
        required=False, allow_null=True, help_text="All that it has printed; it becomes the log."
    )
    stderr = serializers.CharField(
        required=False, allow_null=True, help_text="The same of its standard error."
    )
    result = serializers.JSONField(
        required=False, allow_null=True, help_text="Used by later steps as {{ tasks.x.result }}."
    )


class CallbackAnswer(serializers.Serializer[Any]):
    """The report was applied now, or had been applied before."""

    ok = serializers.BooleanField(help_text="Always true.")


class StatusBody(WordedSerializer):
    """The only field of a callback that must be valid."""

    status = serializers.ChoiceField(STATUSES)

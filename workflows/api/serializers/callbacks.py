"""Bodies and responses of the callbacks of runners."""

from typing import Any

from rest_framework import serializers

from workflows.api.serializers.base import WordedSerializer

STATUSES = ["running", "success", "failed", "canceled"]


class CallbackBody(serializers.Serializer[Any]):
    """A runner's report about a task; nulls and unknown fields are tolerated."""

    status = serializers.ChoiceField(STATUSES)
    message = serializers.CharField(required=False, allow_null=True)
    exit_code = serializers.IntegerField(required=False, allow_null=True)
    stdout = serializers.CharField(required=False, allow_null=True)
    stderr = serializers.CharField(required=False, allow_null=True)
    result = serializers.JSONField(required=False, allow_null=True)


class CallbackAnswer(serializers.Serializer[Any]):
    """The report was applied now, or had been applied before."""

    ok = serializers.BooleanField()


class StatusBody(WordedSerializer):
    """The only field of a callback that must be valid."""

    status = serializers.ChoiceField(STATUSES)

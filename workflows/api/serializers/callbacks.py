"""What a runner reports about a task, and the answer to it."""

from typing import Any

from rest_framework import serializers

STATUSES = ["running", "success", "failed", "canceled"]


class CallbackBody(serializers.Serializer[Any]):
    """What a runner says of a task; nulls and whatever else it says are no harm here."""

    status = serializers.ChoiceField(STATUSES)
    message = serializers.CharField(required=False, allow_null=True)
    exit_code = serializers.IntegerField(required=False, allow_null=True)
    stdout = serializers.CharField(required=False, allow_null=True)
    stderr = serializers.CharField(required=False, allow_null=True)
    result = serializers.JSONField(required=False, allow_null=True)


class CallbackAnswer(serializers.Serializer[Any]):
    """The report was taken over, or was known already."""

    ok = serializers.BooleanField()


class StatusBody(serializers.Serializer[Any]):
    """The one field that must be right."""

    status = serializers.ChoiceField(STATUSES)

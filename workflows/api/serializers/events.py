"""Responses of `/events`."""

from rest_framework import serializers

from workflows.api.serializers.base import RowAnswer
from workflows.models import Event


class EventAnswer(RowAnswer[Event]):
    """One event of the trail."""

    run_id = serializers.IntegerField(allow_null=True)
    task_id = serializers.IntegerField(allow_null=True)

    class Meta:
        model = Event
        fields = [
            "id",
            "event_type",
            "run_id",
            "task_id",
            "actor",
            "actor_user",
            "actor_via",
            "reason",
            "payload",
            "created_at",
        ]
        extra_kwargs = {"payload": {"help_text": "What else is known; its keys vary."}}

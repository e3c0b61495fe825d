"""`/events`."""

from rest_framework import serializers

from workflows.api.filters import EventFilters
from workflows.api.resource import Resource
from workflows.models import Event


class EventAnswer(serializers.ModelSerializer[Event]):
    """One line of the trail."""

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
            "reason",
            "payload",
            "created_at",
        ]


class Events(Resource[Event]):
    """The trail: who did what, when, why, to which task. Oldest first."""

    queryset = Event.objects.all()
    serializer_class = EventAnswer
    filterset_class = EventFilters

"""`/events`."""

from workflows.api.filters import EventFilters
from workflows.api.serializers.events import EventAnswer
from workflows.api.viewsets import Resource
from workflows.models import Event


class Events(Resource[Event]):
    """The trail: who did what, when, why, to which task. Oldest first."""

    queryset = Event.objects.all()
    serializer_class = EventAnswer
    filterset_class = EventFilters

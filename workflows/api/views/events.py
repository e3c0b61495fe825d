"""`/events`."""

from workflows.api.filters import EventFilters
from workflows.api.serializers.events import EventAnswer
from workflows.api.viewsets import ReadOnlyViewSet
from workflows.models import Event


class EventViewSet(ReadOnlyViewSet[Event]):
    """The events of the trail, the oldest first."""

    queryset = Event.objects.all()
    serializer_class = EventAnswer
    filterset_class = EventFilters

"""`/events`."""

from workflows.api.filters import EventFilters
from workflows.api.serializers.events import EventAnswer
from workflows.api.viewsets import ReadOnlyViewSet
from workflows.models import Event


class EventViewSet(ReadOnlyViewSet[Event]):
    """What happened to runs and tasks, the oldest first; to follow a run, use `after`."""

    queryset = Event.objects.all()
    serializer_class = EventAnswer
    filterset_class = EventFilters

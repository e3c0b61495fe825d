"""`/calendars`."""

from typing import Any

from django.db.models import Prefetch
from django_filters import rest_framework as filters
from rest_framework.request import Request
from rest_framework.response import Response

from workflow_triggers.api.serializers.calendars import (
    CalendarAnswer,
    CalendarBody,
    CalendarChangesBody,
)
from workflow_triggers.models import Calendar, Schedule
from workflow_triggers.operations.calendars import delete_calendar, import_ical, save_calendar
from workflows.api.described import described
from workflows.api.filters import TextFilter
from workflows.api.serializers.base import validated
from workflows.api.viewsets import ReadOnlyViewSet, actor
from workflows.db.doors import durably
from workflows.errors import Invalid


class CalendarFilters(filters.FilterSet):
    """Filters of calendars."""

    name = TextFilter(help_text="The calendar of exactly this name.")


class CalendarViewSet(ReadOnlyViewSet[Calendar]):
    """Calendars: days, spans and weekly windows in which schedules make no run."""

    queryset = Calendar.objects.prefetch_related(
        Prefetch("schedules", Schedule.objects.only("pk").order_by("pk"))
    ).order_by("name", "id")
    serializer_class = CalendarAnswer
    filterset_class = CalendarFilters

    @described(request=CalendarBody, responses={201: CalendarAnswer})
    def create(self, request: Request) -> Response:
        """
        Create a calendar, of lists or of an iCalendar file.

        Of an event that repeats, the first time is taken.
        """
        values = _values(validated(CalendarBody, request.data))
        made = durably(save_calendar, values, by=actor(request))
        return self.detail_response(made.pk, 201)

    @described(request=CalendarChangesBody)
    def partial_update(self, request: Request, pk: int) -> Response:
        """
        Change some fields of a calendar; a list is replaced as a whole.

        It counts at once, for all schedules that have it.
        """
        values = _values(validated(CalendarChangesBody, request.data))
        durably(save_calendar, values, by=actor(request), calendar_id=pk)
        return self.detail_response(pk)

    def destroy(self, request: Request, pk: int) -> Response:
        """
        Delete a calendar; 409 if a schedule has it.

        The answer names the schedules.
        """
        durably(delete_calendar, pk, by=actor(request))
        return Response(status=204)


def _values(body: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a body, with what its iCalendar says in their place."""
    if (text := body.pop("ical", None)) is None:
        return body
    try:
        return {**body, **import_ical(text)}
    except Invalid as exc:
        raise Invalid({"ical": [why for texts in exc.fields.values() for why in texts]}) from exc

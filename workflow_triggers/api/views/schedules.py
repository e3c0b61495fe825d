"""`/schedules`."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from workflow_triggers.api.permissions import MayOperateTriggers
from workflow_triggers.api.serializers.backfills import SpanAnswer, SpanBody
from workflow_triggers.api.serializers.schedules import (
    CountQuery,
    MomentsAnswer,
    OccurrenceAnswer,
    PreviewQuery,
    ScheduleAnswer,
    ScheduleBody,
    ScheduleChangesBody,
    moments_of,
    related_to,
)
from workflow_triggers.models import Occurrence, Outcome, Schedule
from workflow_triggers.moments import check_cron, check_zone, words
from workflow_triggers.operations import schedules
from workflow_triggers.operations.backfills import backfill, preview_backfill
from workflows.api.described import described
from workflows.api.filters import (
    ChoicesFilter,
    FlagFilter,
    IdFilter,
    ListFilters,
    MomentFilter,
    StrictFilterBackend,
    TextFilter,
)
from workflows.api.permissions import ModelPermission
from workflows.api.serializers.base import ReasonBody, validated
from workflows.api.viewsets import ReadOnlyViewSet, actor
from workflows.db.doors import durably
from workflows.errors import Invalid


class ScheduleFilters(filters.FilterSet):
    """Filters of schedules."""

    workflow_template_id = IdFilter("Schedules of this template.", field_name="template_id")
    name = TextFilter(help_text="Schedules of exactly this name.")
    is_enabled = FlagFilter(
        Q(is_enabled=True),
        help_text="`true`: those whose moments make runs; `false`: the others.",
    )


class OccurrenceFilters(ListFilters):
    """Filters of the occurrences of a schedule."""

    outcome = ChoicesFilter(
        choices=Outcome.choices,
        help_text="Those with this outcome; may be given several times.",
    )
    moment_after = MomentFilter(
        field_name="moment", lookup_expr="gte", help_text="For this moment or later ones."
    )
    moment_before = MomentFilter(
        field_name="moment", lookup_expr="lt", help_text="For earlier moments."
    )


class MayViewOccurrences(ModelPermission):
    """Requires the permission to see what became of moments."""

    def required_permission(self, request: Request, view: Any) -> str:
        """Return that permission."""
        return "workflow_triggers.view_occurrence"


class ScheduleViewSet(ReadOnlyViewSet[Schedule]):
    """Schedules: the moments at which templates are run, each with a run or a reason."""

    queryset = Schedule.objects.prefetch_related("calendars").order_by("name", "id")
    serializer_class = ScheduleAnswer
    filterset_class = ScheduleFilters

    def related_data(self, rows: Sequence[Schedule]) -> dict[str, Any]:
        """Return the last occurrences and the users who are there."""
        return related_to(rows)

    @described(request=ScheduleBody, responses={201: ScheduleAnswer})
    def create(self, request: Request) -> Response:
        """
        Create a schedule; its first moment is the next one.

        Times, parameters and names are checked, and the parameters against the template's schema.
        """
        body = validated(ScheduleBody, request.data)
        template_id = body.pop("workflow_template_id")
        made = durably(schedules.create_schedule, template_id, body, by=actor(request))
        return self.detail_response(made.pk, 201)

    @described(request=ScheduleChangesBody)
    def partial_update(self, request: Request, pk: int) -> Response:
        """
        Change some fields of a schedule; what is not named stays.

        New times count from now on: nothing that is past is fired. Whoever changes a schedule
        counts as the creator of its runs.
        """
        body = validated(ScheduleChangesBody, request.data)
        durably(schedules.change_schedule, pk, body, by=actor(request))
        return self.detail_response(pk)

    def destroy(self, request: Request, pk: int) -> Response:
        """
        Delete a schedule with its occurrences.

        The runs that it has made stay.
        """
        durably(schedules.delete_schedule, pk, by=actor(request))
        return Response(status=204)

    @described(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperateTriggers])
    def enable(self, request: Request, pk: int) -> Response:
        """
        Let the moments of a schedule make runs; 409 if they do.

        It counts from now on: nothing that is past is fired.
        """
        return self._switch(request, pk, is_enabled=True)

    @described(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperateTriggers])
    def disable(self, request: Request, pk: int) -> Response:
        """
        Let the moments of a schedule make no runs; 409 if they make none.

        Runs that wait for an earlier one are not made either. Those that were made go on.
        """
        return self._switch(request, pk, is_enabled=False)

    @described(request=None, responses=OccurrenceAnswer)
    @action(detail=True, methods=["post"], permission_classes=[MayOperateTriggers])
    def fire(self, request: Request, pk: int) -> Response:
        """
        Make a run at once, whatever else is going on, also of a disabled schedule.

        `{{ moment }}` is the present moment. Whoever fires it is the creator of the run.
        """
        occurrence = durably(schedules.fire_now, pk, by=actor(request))
        return Response(OccurrenceAnswer(occurrence).data)

    @described(request=SpanBody, responses=SpanAnswer)
    @action(detail=True, methods=["post"], permission_classes=[MayOperateTriggers])
    def backfill(self, request: Request, pk: int) -> Response:
        """
        Queue a run for each past moment of a span that has none, one after the other.

        At most 1,000 moments; those that a calendar excludes get none. Who asks is the creator of
        the runs.
        """
        span = validated(SpanBody, request.data)
        preview = preview_backfill(pk, span["start"], span["end"])
        made = None
        if not span.get("dry_run"):
            made = durably(backfill, pk, span["start"], span["end"], by=actor(request))
        found = {"backfill": made, "moments": preview.moments, "already": preview.already}
        return Response(SpanAnswer(found).data)

    @described(parameters=[CountQuery], responses=MomentsAnswer)
    @action(detail=True, url_path="next")
    def next_moments(self, request: Request, pk: int) -> Response:
        """
        Read the next moments of a schedule, also of a disabled one.

        Those that a calendar excludes say so.
        """
        query = validated(CountQuery, request.query_params)
        return _moments(self.get_object(pk), query["count"])

    @described(parameters=[PreviewQuery], responses=MomentsAnswer, filters=False)
    @action(detail=False, pagination_class=None)
    def preview(self, request: Request) -> Response:
        """
        Read a cron expression in words, and its next moments in a time zone.

        For while one is being typed; nothing is stored.
        """
        query = validated(PreviewQuery, request.query_params)
        cron, zone = " ".join(query["cron"].split()), query["zone"]
        if wrong := list(check_zone(zone)):
            raise Invalid({"zone": wrong})
        if wrong := list(check_cron(cron, zone)):
            raise Invalid({"cron": wrong})
        return _moments(Schedule(cron=cron, zone=zone), query["count"])

    @described(responses=OccurrenceAnswer(many=True))
    @action(
        detail=True,
        permission_classes=[MayViewOccurrences],
        filterset_class=OccurrenceFilters,
        filter_backends=[StrictFilterBackend],
    )
    def occurrences(self, request: Request, pk: int) -> Response:
        """
        List what became of the moments of a schedule, the latest first.

        Each has made a run, or says why not.
        """
        rows: Any = Occurrence.objects.filter(schedule=self.get_object(pk))
        page: Any = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(OccurrenceAnswer(page, many=True).data)

    def _switch(self, request: Request, pk: int, *, is_enabled: bool) -> Response:
        reason = validated(ReasonBody, request.data).get("reason", "")
        durably(schedules.set_enabled, pk, is_enabled, by=actor(request), reason=reason)
        return self.detail_response(pk)


def _moments(schedule: Schedule, count: int) -> Response:
    said = {
        "words": words(schedule.cron) if schedule.cron else "",
        "zone": schedule.zone,
        "moments": moments_of(schedule, timezone.now(), count),
    }
    return Response(said)

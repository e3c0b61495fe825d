"""`/backfills`."""

from django_filters import rest_framework as filters
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from workflow_triggers.api.permissions import MayOperateTriggers
from workflow_triggers.api.serializers.backfills import BackfillAnswer
from workflow_triggers.api.views.schedules import MayViewOccurrences
from workflow_triggers.models import Backfill
from workflow_triggers.operations.backfills import cancel_backfill
from workflows.api.described import described
from workflows.api.filters import IdFilter
from workflows.api.viewsets import ReadOnlyViewSet, actor
from workflows.db.doors import durably


class BackfillFilters(filters.FilterSet):
    """Filters of backfills."""

    schedule_id = IdFilter("Backfills of this schedule.")


class BackfillViewSet(ReadOnlyViewSet[Backfill]):
    """Backfills: spans of schedules for whose moments somebody wants runs."""

    queryset = Backfill.objects.order_by("-id")
    serializer_class = BackfillAnswer
    filterset_class = BackfillFilters
    permission_classes = (MayViewOccurrences,)

    @described(request=None, responses=BackfillAnswer)
    @action(detail=True, methods=["post"], permission_classes=[MayOperateTriggers])
    def cancel(self, request: Request, pk: int) -> Response:
        """
        Make no more runs of a backfill; 409 if there is nothing left to be made.

        Runs that were made go on.
        """
        durably(cancel_backfill, pk, by=actor(request))
        return self.detail_response(pk)

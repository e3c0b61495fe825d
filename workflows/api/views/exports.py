"""`/exports`: the history as JSON lines, in pages that are sent while they are read."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request

from workflows.api.base import OwnViewSet, PlainJSONRenderer
from workflows.api.described import described
from workflows.api.serializers.base import validated
from workflows.api.serializers.exports import EventLine, ExportQuery, RunLine
from workflows.exports.history import EXPORTS
from workflows.exports.horizon import settled_id
from workflows.models import Event, WorkflowRun

MEDIA_TYPE = "application/x-ndjson"
NEXT = "Export-Cursor"
WAIT_S = 1.0
"""How long a request waits for transactions that are open."""


class LinesRenderer(PlainJSONRenderer):
    """Lets clients ask for JSON lines; what is rendered by it are errors."""

    media_type = MEDIA_TYPE


CURSOR = OpenApiParameter(
    NEXT,
    int,
    OpenApiParameter.HEADER,
    response=[200],
    description="Give it as `after` for the next page. If it is the `after` of this request, there "
    "is nothing new.",
)


class ExportViewSet(OwnViewSet[Any]):
    """Exports the history as JSON lines."""

    renderer_classes = (PlainJSONRenderer, LinesRenderer)
    pagination_class = None
    filter_backends = ()

    def page(self, request: Request, name: str) -> StreamingHttpResponse:
        """Return one page of a history."""
        query = validated(ExportQuery, request.query_params)
        export, after = EXPORTS[name], query["after"]
        # Found before anything is sent: so the header can say it, and an error is still a status.
        upto = export.end_of_page(after, settled_id(after, wait_s=WAIT_S), query["limit"])
        parts = (batch.text.encode() for batch in export.read(after, upto))
        return StreamingHttpResponse(
            parts, content_type=MEDIA_TYPE, headers={NEXT: str(upto), "Cache-Control": "no-store"}
        )


class EventExports(ExportViewSet):
    """`/exports/events`."""

    queryset = Event.objects.all()

    @described(parameters=[ExportQuery, CURSOR], responses={(200, MEDIA_TYPE): EventLine})
    @action(detail=False)
    def events(self, request: Request) -> StreamingHttpResponse:
        """
        Export events as JSON lines, the oldest first.

        No event is left out and none comes twice, however many transactions write meanwhile.
        """
        return self.page(request, "events")


class RunExports(ExportViewSet):
    """`/exports/runs`."""

    queryset = WorkflowRun.objects.all()

    @described(parameters=[ExportQuery, CURSOR], responses={(200, MEDIA_TYPE): RunLine})
    @action(detail=False)
    def runs(self, request: Request) -> StreamingHttpResponse:
        """
        Export how runs have ended as JSON lines, in the order of their ends.

        A run that was reopened comes again at its next end. A page may have fewer lines than
        `limit`, even none, and still lead to another one: compare the cursors.
        """
        return self.page(request, "runs")

"""`/runner/tasks/{id}/status`: callbacks of runners."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runners.http import runner_report_of
from workflows.api.parsers import CallbackParser
from workflows.api.serializers.callbacks import CallbackAnswer, CallbackBody, StatusBody
from workflows.reports.runner_reports import apply_callback, attempt_with_token

TOKEN = OpenApiParameter("X-Runner-Token", str, "header", required=True)


class CallbackView(APIView):
    """Callbacks of runners, authenticated by the token of the attempt."""

    authentication_classes: tuple[()] = ()
    permission_classes: tuple[()] = ()
    parser_classes = (CallbackParser,)

    @extend_schema(request=CallbackBody, parameters=[TOKEN], responses=CallbackAnswer)
    def post(self, request: Request, pk: int) -> Response:
        """Apply a report; 401 for a wrong token, 409 for an old attempt or a wrong transition."""
        # First: of a stranger, nothing is read.
        attempt = attempt_with_token(pk, request.headers.get("X-Runner-Token", ""))
        body = StatusBody(data=request.data)
        body.is_valid(raise_exception=True)
        data: Any = request.data
        apply_callback(attempt, runner_report_of(body.validated_data["status"], data))
        return Response({"ok": True})

"""`/runner/tasks/{id}/status`: callbacks of runners."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from runners.http import runner_report_of
from workflows.api.base import OwnView
from workflows.api.callback_bodies import received_callback
from workflows.api.described import described
from workflows.api.parsers import CallbackParser
from workflows.api.serializers.callbacks import CallbackAnswer, CallbackBody, StatusBody
from workflows.api.throttling import address_of, answered_429
from workflows.models import Task
from workflows.reports.runner_reports import apply_callback, attempt_with_token

TOO_MANY = "Too many callbacks."
TOKEN = OpenApiParameter(
    "X-Runner-Token",
    str,
    "header",
    required=True,
    description="The token that the runner received with the attempt.",
)


class CallbackView(OwnView):
    """Callbacks of runners, authenticated by the token of the attempt."""

    authentication_classes: tuple[()] = ()
    permission_classes: tuple[()] = ()
    parser_classes = (CallbackParser,)
    queryset = Task.objects.none()  # read by nobody but the document, which names its rows

    @described(
        operation_id="report_status",
        request=CallbackBody,
        parameters=[TOKEN],
        responses=CallbackAnswer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """
        Apply a report; 401 for a wrong token, 409 for an old attempt or a wrong transition.

        Called by the hosts of runners of kind `http`: no login is needed, the token names the
        attempt. A report that has been applied before changes nothing.
        """
        token = request.headers.get("X-Runner-Token", "")
        # First: of a stranger, nothing is read.
        with answered_429(TOO_MANY):
            attempt = attempt_with_token(pk, token, address=address_of(request))
        with answered_429(TOO_MANY), received_callback(request) as data:
            body = StatusBody(data=data)
            body.is_valid(raise_exception=True)
            apply_callback(attempt, runner_report_of(body.validated_data["status"], data))
        return Response({"ok": True})

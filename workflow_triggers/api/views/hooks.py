"""`/hooks/{token}`: where other programs deliver."""

from io import BytesIO
from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from workflow_triggers.api.serializers.webhooks import HookAnswer, HookBody
from workflow_triggers.deliveries.incoming import BadBody, Incoming
from workflow_triggers.limits import HOOKS
from workflow_triggers.models import Webhook
from workflow_triggers.operations.deliveries import Taken, take_delivery
from workflow_triggers.operations.refusals import SecretUnreadable, check_sender, webhook_at
from workflows.api.base import OwnView
from workflows.api.callback_bodies import receive_body
from workflows.api.described import described
from workflows.api.errors import HttpError
from workflows.api.parsers import CallbackParser
from workflows.api.throttling import address_of, answered_429
from workflows.db.doors import durably
from workflows.sites import known_admin_url

TOO_MANY = "Too many deliveries."
SIGNATURE = OpenApiParameter(
    "X-Hub-Signature-256",
    str,
    "header",
    description="`sha256=` and the HMAC of the body, if the webhook has a secret. GitLab sends the "
    "secret itself as `X-Gitlab-Token`.",
)
TOKEN = OpenApiParameter(
    "token", str, "path", description="What the address of the webhook ends with."
)
NUMBER = OpenApiParameter(
    "X-Delivery-Id",
    str,
    "header",
    description="The same for each repetition of a delivery, which then makes no second run; also "
    "`Idempotency-Key`, `X-GitHub-Delivery`, `X-Gitlab-Event-UUID`.",
)


class HookView(OwnView):
    """Deliveries of other programs, authenticated by the address and the signature."""

    authentication_classes: tuple[()] = ()
    permission_classes: tuple[()] = ()
    parser_classes = (CallbackParser,)
    queryset = Webhook.objects.none()  # read by nobody but the document, which names its rows

    @described(
        operation_id="deliver",
        request=HookBody,
        parameters=[TOKEN, SIGNATURE, NUMBER],
        responses={202: HookAnswer},
    )
    def post(self, request: Request, token: str) -> Response:
        """
        Take a delivery: 202 with the run that it has made, or the reason why it has made none.

        No login is needed. 401 for a wrong signature, 404 for an unknown address, 413 beyond 256
        kB, 429 with `Retry-After` for too many in a minute. A delivery that has arrived before is
        answered as the first time, and makes no second run.
        """
        address = address_of(request)
        # First: of a stranger, nothing is read.
        with answered_429(TOO_MANY):
            webhook = webhook_at(token, address=address)
        incoming = _received(request, address)
        with answered_429(TOO_MANY):
            try:
                check_sender(webhook, incoming, address=address)
            except SecretUnreadable as exc:
                raise HttpError(503, exc.detail, exc.code) from None
        try:
            taken = durably(take_delivery, webhook, incoming)
        except BadBody as exc:
            raise ParseError(exc.detail) from None
        return Response(_answer(request._request, taken), 202)


def _received(request: Request, address: str) -> Incoming:
    body = BytesIO()
    receive_body(request, body, most=HOOKS.anonymous)
    return Incoming(
        body.getvalue(),
        {name.lower(): text for name, text in request.headers.items()},
        request.META.get("QUERY_STRING", ""),
        address,
    )


def _answer(request: HttpRequest, taken: Taken) -> dict[str, Any]:
    run_id = taken.delivery.run_id
    page = known_admin_url("workflows_workflowrun_change", run_id) if run_id else None
    return {
        "delivery_id": taken.delivery.pk,
        "run_id": run_id,
        "run_url": request.build_absolute_uri(page) if page else None,
        "reason": taken.reason,
    }

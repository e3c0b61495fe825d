"""`/webhooks` and `/deliveries`."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from workflow_triggers.api.permissions import MayOperateTriggers
from workflow_triggers.api.serializers.webhooks import (
    DeliveryAnswer,
    WebhookAnswer,
    WebhookBody,
    WebhookChangesBody,
    WebhookWithAddress,
)
from workflow_triggers.models import Delivery, Webhook
from workflow_triggers.operations import webhooks
from workflow_triggers.operations.deliveries import redeliver
from workflows.api.described import described
from workflows.api.filters import IdFilter, ListFilters, TextFilter
from workflows.api.paths import mount_of
from workflows.api.permissions import MayChange
from workflows.api.serializers.base import ReasonBody, validated
from workflows.api.viewsets import ReadOnlyViewSet, actor
from workflows.db.doors import durably


class WebhookFilters(filters.FilterSet):
    """Filters of webhooks."""

    workflow_template_id = IdFilter("Webhooks of this template.", field_name="template_id")
    name = TextFilter(help_text="Webhooks of exactly this name.")


class DeliveryFilters(ListFilters):
    """Filters of deliveries."""

    webhook_id = IdFilter("What arrived at this webhook.", field_name="webhook_id")
    run_id = IdFilter("The delivery that has made this run.", field_name="run_id")


class WebhookViewSet(ReadOnlyViewSet[Webhook]):
    """Addresses at which other programs start runs."""

    queryset = Webhook.objects.order_by("name", "id")
    serializer_class = WebhookAnswer
    filterset_class = WebhookFilters

    @described(request=WebhookBody, responses={201: WebhookWithAddress})
    def create(self, request: Request) -> Response:
        """
        Make a webhook; the answer has its address, which is stored nowhere.

        Expressions and condition are checked, as far as that is possible without a delivery.
        """
        body = validated(WebhookBody, request.data)
        template_id = body.pop("workflow_template_id")
        made = durably(webhooks.create_webhook, template_id, body, by=actor(request))
        return self._with_address(request, *made, status=201)

    @described(request=WebhookChangesBody, responses=WebhookAnswer)
    def partial_update(self, request: Request, pk: int) -> Response:
        """
        Change some settings of a webhook; what is not named stays.

        Whoever changed it last counts as the creator of its runs.
        """
        body = validated(WebhookChangesBody, request.data)
        durably(webhooks.change_webhook, pk, body, by=actor(request))
        return self.detail_response(pk)

    def destroy(self, request: Request, pk: int) -> Response:
        """
        Delete a webhook, with what it has received.

        Its address is unknown from now on; its runs are kept.
        """
        durably(webhooks.delete_webhook, pk, by=actor(request))
        return Response(status=204)

    @described(request=None, responses=WebhookWithAddress)
    @action(detail=True, methods=["post"], url_path="new-token", permission_classes=[MayChange])
    def new_token(self, request: Request, pk: int) -> Response:
        """
        Give a webhook a new address, which only this answer has.

        The one before is unknown from now on.
        """
        made = durably(webhooks.new_token, pk, by=actor(request))
        return self._with_address(request, *made, status=200)

    @described(request=ReasonBody, responses=WebhookAnswer)
    @action(detail=True, methods=["post"], permission_classes=[MayOperateTriggers])
    def enable(self, request: Request, pk: int) -> Response:
        """
        Let deliveries make runs again.

        What arrived while it was disabled makes none, unless somebody delivers it again.
        """
        return self._switch(request, pk, is_enabled=True)

    @described(request=ReasonBody, responses=WebhookAnswer)
    @action(detail=True, methods=["post"], permission_classes=[MayOperateTriggers])
    def disable(self, request: Request, pk: int) -> Response:
        """
        Keep what arrives, and make no run of it.

        Senders get 202 with that reason.
        """
        return self._switch(request, pk, is_enabled=False)

    @described(responses=DeliveryAnswer(many=True), filters=False)
    @action(detail=True)
    def deliveries(self, request: Request, pk: int) -> Response:
        """
        List what has arrived at a webhook, the latest first.

        Each says which run it has made, or why none.
        """
        rows = Delivery.objects.filter(webhook=self.get_object(pk)).order_by("-id")
        page: Any = self.paginate_queryset(rows)  # type: ignore[arg-type]
        return self.get_paginated_response(DeliveryAnswer(page, many=True).data)

    def _switch(self, request: Request, pk: int, *, is_enabled: bool) -> Response:
        body = validated(ReasonBody, request.data)
        durably(webhooks.set_webhook_enabled, pk, is_enabled, **body, by=actor(request))
        return self.detail_response(pk)

    def _with_address(
        self, request: Request, webhook: Webhook, token: str, *, status: int
    ) -> Response:
        url = request.build_absolute_uri(f"{mount_of(request._request)}hooks/{token}")
        return Response(WebhookWithAddress(webhook, context={"url": url}).data, status)


class DeliveryViewSet(ReadOnlyViewSet[Delivery]):
    """What has arrived at webhooks, and what came of it."""

    queryset = Delivery.objects.order_by("-id")
    serializer_class = DeliveryAnswer
    filterset_class = DeliveryFilters

    @described(request=None, responses={201: DeliveryAnswer})
    @action(detail=True, methods=["post"], permission_classes=[MayOperateTriggers])
    def redeliver(self, request: Request, pk: int) -> Response:
        """
        Evaluate a delivery again, with the present settings, as a new delivery.

        409 if what it contained is no longer kept.
        """
        again = durably(redeliver, pk, by=actor(request))
        return self.detail_response(again.pk, 201)

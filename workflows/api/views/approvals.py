"""`/approvals`."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from workflows import operations
from workflows.api.filters import ApprovalFilters
from workflows.api.permissions import MayDecide
from workflows.api.serializers.approvals import ApprovalAnswer, CommentBody
from workflows.api.serializers.base import read
from workflows.api.viewsets import Resource, actor
from workflows.models import Approval


class Approvals(Resource[Approval]):
    """Approvals: decisions that tasks wait for."""

    queryset = Approval.objects.select_related("task")
    serializer_class = ApprovalAnswer
    filterset_class = ApprovalFilters

    @extend_schema(request=CommentBody)
    @action(detail=True, methods=["post"], permission_classes=[MayDecide])
    def approve(self, request: Request, pk: int) -> Response:
        """Let the task be dispatched once it is ready; 409 if somebody has decided already."""
        operations.approve(pk, **read(CommentBody, request), by=actor(request))
        return self.answer(pk)

    @extend_schema(request=CommentBody)
    @action(detail=True, methods=["post"], permission_classes=[MayDecide])
    def reject(self, request: Request, pk: int) -> Response:
        """Cancel the task; 409 if somebody has decided already."""
        operations.reject(pk, **read(CommentBody, request), by=actor(request))
        return self.answer(pk)

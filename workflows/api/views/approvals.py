"""`/approvals`."""

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from workflows import operations
from workflows.api.described import described
from workflows.api.filters import ApprovalFilters
from workflows.api.permissions import MayDecide
from workflows.api.serializers.approvals import ApprovalAnswer, CommentBody
from workflows.api.serializers.base import validated
from workflows.api.viewsets import ReadOnlyViewSet, actor
from workflows.db.doors import durably
from workflows.models import Approval


class ApprovalViewSet(ReadOnlyViewSet[Approval]):
    """The approvals that tasks wait for or waited for; each is decided once."""

    queryset = Approval.objects.select_related("task")
    serializer_class = ApprovalAnswer
    filterset_class = ApprovalFilters

    @described(request=CommentBody)
    @action(detail=True, methods=["post"], permission_classes=[MayDecide])
    def approve(self, request: Request, pk: int) -> Response:
        """
        Approve a task, so that it can be dispatched; 409 if it was already decided.

        Refused for the user who created the run, if the template says `approver_must_differ`.
        With auto-dispatch, the task is dispatched at once if nothing else is missing.
        """
        durably(operations.approve, pk, **validated(CommentBody, request.data), by=actor(request))
        return self.detail_response(pk)

    @described(request=CommentBody)
    @action(detail=True, methods=["post"], permission_classes=[MayDecide])
    def reject(self, request: Request, pk: int) -> Response:
        """
        Reject a task, which cancels it; 409 if it was already decided.

        Refused for the user who created the run, if the template says `approver_must_differ`.
        """
        durably(operations.reject, pk, **validated(CommentBody, request.data), by=actor(request))
        return self.detail_response(pk)

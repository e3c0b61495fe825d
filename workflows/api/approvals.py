"""`/approvals`."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from workflows import operations
from workflows.api.bodies import Strict, Text, read
from workflows.api.filters import ApprovalFilters
from workflows.api.permissions import MayDecide
from workflows.api.resource import Resource, actor
from workflows.models import Approval


class CommentBody(Strict):
    """Why somebody decides as they do."""

    comment = Text(required=False, allow_blank=True, max_length=2_000)


class ApprovalAnswer(serializers.ModelSerializer[Approval]):
    """A decision that a task waits for, or waited for."""

    task_id = serializers.IntegerField()
    run_id = serializers.IntegerField(source="task.run_id", allow_null=True)
    step_id = serializers.CharField(source="task.step_id", allow_null=True)
    title = serializers.CharField(source="task.title")

    class Meta:
        model = Approval
        fields = [
            "id",
            "status",
            "task_id",
            "run_id",
            "step_id",
            "title",
            "decided_by",
            "comment",
            "created_at",
            "decided_at",
        ]


class Approvals(Resource[Approval]):
    """Approvals: decisions of people that tasks wait for."""

    queryset = Approval.objects.select_related("task")
    serializer_class = ApprovalAnswer
    filterset_class = ApprovalFilters

    @extend_schema(request=CommentBody)
    @action(detail=True, methods=["post"], permission_classes=[MayDecide])
    def approve(self, request: Request, pk: int) -> Response:
        """Let the task go out; 409 if somebody has decided already."""
        operations.approve(pk, **read(CommentBody, request), by=actor(request))
        return self.answer(pk)

    @extend_schema(request=CommentBody)
    @action(detail=True, methods=["post"], permission_classes=[MayDecide])
    def reject(self, request: Request, pk: int) -> Response:
        """Cancel the task; 409 if somebody has decided already."""
        operations.reject(pk, **read(CommentBody, request), by=actor(request))
        return self.answer(pk)

"""`/tasks`."""

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from workflows import operations
from workflows.api.filters import TaskFilters
from workflows.api.permissions import MayOperate
from workflows.api.serializers.base import ReasonBody, checked, read
from workflows.api.serializers.logs import LogAnswer, LogQuery
from workflows.api.serializers.tasks import HoldBody, ResetAnswer, ResetBody, TaskAnswer, TaskBody
from workflows.api.views.logs import read_log
from workflows.api.viewsets import Resource, actor
from workflows.models import Task, TaskDependency
from workflows.runs.creation import create_task


class Tasks(Resource[Task]):
    """Tasks: the steps of runs, and tasks that are in no run yet."""

    queryset = (
        Task.objects.order_by("run_id", "position", "pk")
        .select_related("runner")
        .prefetch_related(
            "attempts", Prefetch("dependencies", TaskDependency.objects.order_by("depends_on_id"))
        )
    )
    serializer_class = TaskAnswer
    filterset_class = TaskFilters

    @extend_schema(request=TaskBody, responses={201: TaskAnswer})
    def create(self, request: Request) -> Response:
        """Create a task that can be put into a run later."""
        task = create_task(**read(TaskBody, request), by=actor(request))
        return self.answer(task.pk, 201)

    @extend_schema(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def cancel(self, request: Request, pk: int) -> Response:
        """Cancel a task; one that is being executed is canceled once its process has ended."""
        operations.cancel(pk, **read(ReasonBody, request), by=actor(request))
        return self.answer(pk)

    @extend_schema(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def retry(self, request: Request, pk: int) -> Response:
        """Return a failed or canceled task to the queue."""
        operations.retry(pk, **read(ReasonBody, request), by=actor(request))
        return self.answer(pk)

    @extend_schema(request=ResetBody, responses=ResetAnswer)
    @action(
        detail=True, methods=["post"], url_path="retry-downstream", permission_classes=[MayOperate]
    )
    def retry_downstream(self, request: Request, pk: int) -> Response:
        """Retry an ended task and all that ended after it; `dry_run` only lists the tasks."""
        body = read(ResetBody, request)
        reset = operations.retry_downstream(pk, **body, by=actor(request))
        resets = [
            {"task_id": task.pk, "step_id": task.step_id, "title": task.title, "status": state}
            for task, state in zip(reset.tasks, reset.states, strict=True)
        ]
        answer = {"task_id": pk, "dry_run": body.get("dry_run", False), "resets": resets}
        return Response(answer)

    @extend_schema(request=ReasonBody)
    @action(detail=True, methods=["post"], url_path="mark-success", permission_classes=[MayOperate])
    def mark_success(self, request: Request, pk: int) -> Response:
        """Count a failed or canceled task as done, permanently marked so; needs a reason."""
        reason = read(ReasonBody, request).get("reason", "")
        operations.mark_success(pk, reason=reason, by=actor(request))
        return self.answer(pk)

    @extend_schema(request=HoldBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def hold(self, request: Request, pk: int) -> Response:
        """Hold a pending task back until it is released, or until `resume_at`."""
        operations.hold(pk, **read(HoldBody, request), by=actor(request))
        return self.answer(pk)

    @extend_schema(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def release(self, request: Request, pk: int) -> Response:
        """Let a held task be dispatched once it is ready."""
        operations.release(pk, **read(ReasonBody, request), by=actor(request))
        return self.answer(pk)

    @extend_schema(parameters=[LogQuery], responses=LogAnswer)
    @action(detail=True)
    def log(self, request: Request, pk: int) -> Response:
        """Return the log of an attempt; of the last one, unless another is named."""
        query = checked(LogQuery, request.query_params)
        return Response(read_log(self.row(pk), **query))

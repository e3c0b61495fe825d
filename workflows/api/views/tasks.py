"""`/tasks`."""

from django.db.models import Prefetch
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from workflows import operations
from workflows.api import examples
from workflows.api.described import described
from workflows.api.filters import TaskFilters
from workflows.api.permissions import MayOperate
from workflows.api.serializers.base import ReasonBody, RequiredReasonBody, validated
from workflows.api.serializers.logs import LogAnswer, LogQuery
from workflows.api.serializers.tasks import HoldBody, ResetAnswer, ResetBody, TaskAnswer, TaskBody
from workflows.api.views.logs import read_log
from workflows.api.viewsets import ReadOnlyViewSet, actor
from workflows.db.doors import durably
from workflows.models import Task, TaskDependency
from workflows.runs.creation import create_task


class TaskViewSet(ReadOnlyViewSet[Task]):
    """The tasks of runs, and tasks that are not in a run yet."""

    queryset = (
        Task.objects.order_by("id")
        .select_related("runner")
        .prefetch_related(
            "attempts", Prefetch("dependencies", TaskDependency.objects.order_by("depends_on_id"))
        )
    )
    serializer_class = TaskAnswer
    filterset_class = TaskFilters

    @described(request=TaskBody, responses={201: TaskAnswer}, examples=examples.TASKS)
    def create(self, request: Request) -> Response:
        """
        Create a task without a run; a run can be created of it later.

        So one step is tried alone: the task with its payload, then a run with `task_ids`.
        """
        task = durably(create_task, **validated(TaskBody, request.data), by=actor(request))
        return self.detail_response(task.pk, 201)

    @described(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def cancel(self, request: Request, pk: int) -> Response:
        """
        Cancel a task; a running one is canceled once its process has ended.

        Until then `cancel_requested_at` is set. What waits for the task can never run, unless it
        is retried or marked success.
        """
        durably(operations.cancel, pk, **validated(ReasonBody, request.data), by=actor(request))
        return self.detail_response(pk)

    @described(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def retry(self, request: Request, pk: int) -> Response:
        """
        Reset a failed or canceled task to pending.

        The next dispatch makes a new attempt with the payload of the run's own version of the
        template; earlier attempts are kept. With auto-dispatch, it is dispatched at once.
        """
        durably(operations.retry, pk, **validated(ReasonBody, request.data), by=actor(request))
        return self.detail_response(pk)

    @described(request=ResetBody, responses=ResetAnswer)
    @action(
        detail=True, methods=["post"], url_path="retry-downstream", permission_classes=[MayOperate]
    )
    def retry_downstream(self, request: Request, pk: int) -> Response:
        """
        Reset a finished task and all finished downstream tasks; `dry_run` only lists them.

        So work is done again that depends on a wrong result, even after success.
        """
        body = validated(ResetBody, request.data)
        reset = durably(operations.retry_downstream, pk, **body, by=actor(request))
        resets = [
            {"task_id": task.pk, "step_id": task.step_id, "title": task.title, "status": state}
            for task, state in zip(reset.tasks, reset.states, strict=True)
        ]
        return Response(
            {
                "task_id": pk,
                "dry_run": body.get("dry_run", False),
                "resets": resets,
                "asks_again": [gate.pk for gate in reset.gates],
            }
        )

    @described(request=RequiredReasonBody)
    @action(detail=True, methods=["post"], url_path="mark-success", permission_classes=[MayOperate])
    def mark_success(self, request: Request, pk: int) -> Response:
        """
        Set a failed or canceled task to success and mark it permanently; requires a reason.

        If its approval is open or refused, or it stands behind such a task, this is a decision:
        the permission `workflows.decide_approval` is required, too.
        """
        reason = validated(ReasonBody, request.data).get("reason", "")
        durably(operations.mark_success, pk, reason=reason, by=actor(request))
        return self.detail_response(pk)

    @described(request=HoldBody, examples=examples.HOLDS)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def hold(self, request: Request, pk: int) -> Response:
        """
        Put a pending task on hold until it is released, or until `resume_at`.

        Later ready tasks are dispatched meanwhile.
        """
        durably(operations.hold, pk, **validated(HoldBody, request.data), by=actor(request))
        return self.detail_response(pk)

    @described(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def release(self, request: Request, pk: int) -> Response:
        """
        Release a task that is on hold.

        With auto-dispatch, it is dispatched at once if it is ready.
        """
        durably(operations.release, pk, **validated(ReasonBody, request.data), by=actor(request))
        return self.detail_response(pk)

    @described(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def ask(self, request: Request, pk: int) -> Response:
        """
        Ask the runner about the open attempt now; 409 if it cannot be asked.

        Its answer is applied like a report. If the end of the task was requested, the runner is
        asked to end it once more.
        """
        operations.ask(pk, **validated(ReasonBody, request.data), by=actor(request))
        return self.detail_response(pk)

    @described(request=RequiredReasonBody)
    @action(detail=True, methods=["post"], url_path="declare-lost", permission_classes=[MayOperate])
    def declare_lost(self, request: Request, pk: int) -> Response:
        """
        Give up the open attempt, whose later reports are refused; requires a reason.

        The task fails. What was started at the host may still run: a retry could run it twice.
        """
        reason = validated(ReasonBody, request.data).get("reason", "")
        durably(operations.declare_lost, pk, reason=reason, by=actor(request))
        return self.detail_response(pk)

    @described(parameters=[LogQuery], responses=LogAnswer)
    @action(detail=True)
    def log(self, request: Request, pk: int) -> Response:
        """
        Return the log of an attempt; by default of the last one.

        It has what the attempt printed on both streams, in that order, and grows while it runs: to
        follow it, give the `length` of the last answer as `after`.
        """
        query = validated(LogQuery, request.query_params)
        return Response(read_log(self.get_object(pk), **query))

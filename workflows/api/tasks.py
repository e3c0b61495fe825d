"""`/tasks`."""

from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from runners.base import LONGEST_TIMEOUT_S
from workflows import operations
from workflows.api.bodies import Integer, ReasonBody, Strict, Switch, Text, checked, read
from workflows.api.filters import TaskFilters
from workflows.api.logs import LogAnswer, LogQuery, read_log
from workflows.api.permissions import MayOperate
from workflows.api.resource import Resource, actor
from workflows.authoring.spec import PAYLOAD_SCHEMA
from workflows.models import Task, TaskAttempt, TaskDependency, TaskState
from workflows.models.attempt import Outcome
from workflows.operations.tasks import retry_downstream
from workflows.runs.creation import create_task

ATTEMPT_STATES = [
    *((state.value, state.label) for state in (TaskState.DISPATCHED, TaskState.RUNNING)),
    *Outcome.choices,
]


@extend_schema_field(PAYLOAD_SCHEMA)
class Payload(serializers.DictField):
    """The payload of a task; the domain checks what is in it."""


class TaskBody(Strict):
    """A task that is in no run yet."""

    title = Text(max_length=300)
    runner = Text(required=False, allow_null=True)
    payload = Payload(required=False)
    timeout_seconds = Integer(
        required=False, allow_null=True, min_value=1, max_value=LONGEST_TIMEOUT_S
    )
    requires_approval = Switch(required=False)


class HoldBody(ReasonBody):
    """Why a task is kept back, and for how long."""

    resume_at = serializers.DateTimeField(required=False, allow_null=True)


class ResetBody(ReasonBody):
    """Why a task is done again with all that follows, or whether to say only what that is."""

    dry_run = Switch(required=False)


class ResetTask(serializers.Serializer[Any]):
    """A task that returns to the queue, in the state that it had."""

    task_id = serializers.IntegerField()
    step_id = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    status = serializers.ChoiceField(TaskState.choices)


class ResetAnswer(serializers.Serializer[Any]):
    """What returned to the queue, or would."""

    task_id = serializers.IntegerField()
    dry_run = serializers.BooleanField()
    resets = ResetTask(many=True)


class AttemptAnswer(serializers.ModelSerializer[TaskAttempt]):
    """One dispatch of a task."""

    status = serializers.ChoiceField(ATTEMPT_STATES)
    runner = serializers.CharField(source="runner_name")
    runner_payload = serializers.DictField(source="payload")
    result = serializers.JSONField()

    class Meta:
        model = TaskAttempt
        fields = [
            "id",
            "number",
            "status",
            "runner",
            "runner_kind",
            "runner_payload",
            "timeout_seconds",
            "exit_code",
            "result",
            "message",
            "dispatched_at",
            "submitted_at",
            "started_at",
            "finished_at",
        ]


class TaskAnswer(serializers.ModelSerializer[Task]):
    """A task. What its last attempt left behind is shown until it is pending again."""

    run_id = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(TaskState.choices, source="state")
    depends_on = serializers.SerializerMethodField()
    runner = serializers.CharField(source="runner.name", default=None, allow_null=True)
    attempts = AttemptAnswer(many=True)
    exit_code = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()
    message = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = [
            "id",
            "run_id",
            "step_id",
            "title",
            "status",
            "depends_on",
            "runner",
            "payload",
            "timeout_seconds",
            "requires_approval",
            "awaits_approval",
            "is_held",
            "resume_at",
            "attempt_count",
            "attempts",
            "exit_code",
            "result",
            "message",
            "is_marked_success",
            "cancel_requested_at",
            "created_at",
            "dispatched_at",
            "started_at",
            "finished_at",
        ]

    def get_depends_on(self, task: Task) -> list[int]:
        """Return the ids of the tasks that it waits for."""
        return [edge.depends_on_id for edge in task.dependencies.all()]

    def get_exit_code(self, task: Task) -> int | None:
        """Return how the last attempt's process ended."""
        attempt = _shown(task)
        return attempt.exit_code if attempt else None

    @extend_schema_field({})
    def get_result(self, task: Task) -> Any:
        """Return what the last attempt returned."""
        attempt = _shown(task)
        return attempt.result if attempt else None

    def get_message(self, task: Task) -> str:
        """Return what was last said about the task: by an operator, else by its runner."""
        attempt = _shown(task)
        return task.note or (attempt.message if attempt else "")


def _shown(task: Task) -> TaskAttempt | None:
    return None if task.state == TaskState.PENDING else task.last_attempt


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
        """Create a task that a run can be made of later."""
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
        """Do an ended task again, and all that ended after it; `dry_run` lists what that is."""
        body = read(ResetBody, request)
        reset = retry_downstream(pk, **body, by=actor(request))
        resets = [
            {"task_id": task.pk, "step_id": task.step_id, "title": task.title, "status": state}
            for task, state in zip(reset.tasks, reset.states, strict=True)
        ]
        answer = {"task_id": pk, "dry_run": body.get("dry_run", False), "resets": resets}
        return Response(answer)

    @extend_schema(request=ReasonBody)
    @action(detail=True, methods=["post"], url_path="mark-success", permission_classes=[MayOperate])
    def mark_success(self, request: Request, pk: int) -> Response:
        """Count a failed or canceled task as done, for ever shown so; needs a reason."""
        reason = read(ReasonBody, request).get("reason", "")
        operations.mark_success(pk, reason=reason, by=actor(request))
        return self.answer(pk)

    @extend_schema(request=HoldBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def hold(self, request: Request, pk: int) -> Response:
        """Keep a pending task back until it is released, or until `resume_at`."""
        operations.hold(pk, **read(HoldBody, request), by=actor(request))
        return self.answer(pk)

    @extend_schema(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def release(self, request: Request, pk: int) -> Response:
        """Let a held task go out when it is ready."""
        operations.release(pk, **read(ReasonBody, request), by=actor(request))
        return self.answer(pk)

    @extend_schema(parameters=[LogQuery], responses=LogAnswer)
    @action(detail=True)
    def log(self, request: Request, pk: int) -> Response:
        """Return what an attempt printed; the last attempt, unless another one is named."""
        query = checked(LogQuery, request.query_params)
        return Response(read_log(self.row(pk), **query))

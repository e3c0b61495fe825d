"""`/workflow-runs`."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from workflows import operations
from workflows.api.bodies import Integer, ReasonBody, Strict, Switch, Text, read
from workflows.api.dispatches import BlockedAnswer, CauseAnswer, DispatchAnswer, DispatchBody
from workflows.api.filters import RunFilters
from workflows.api.permissions import MayOperate
from workflows.api.resource import Facts, Resource, actor
from workflows.insight.explain import explain
from workflows.models import RunState, Task, TaskDependency, TaskState, WorkflowRun
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.operations.runs import cancel_rest
from workflows.runs.creation import create_run, task_ids_of
from workflows.runs.readiness import deadlocks

MOST_TASK_IDS = 10_000


class RunBody(Strict):
    """A new run: of a template, or of existing tasks in the order given."""

    workflow_template_id = Integer(source="template_id", required=False, allow_null=True)
    task_ids = serializers.ListField(child=Integer(), required=False, max_length=MOST_TASK_IDS)
    initiated_by = Text(required=False, allow_blank=True, max_length=150)
    parameters = serializers.DictField(required=False)
    auto_dispatch = Switch(required=False)


class DeadlockAnswer(serializers.Serializer[Any]):
    """Tasks are pending, none is active or ready, and this is why."""

    root_causes = CauseAnswer(many=True)
    blocked = serializers.IntegerField()


class RunAnswer(serializers.ModelSerializer[WorkflowRun]):
    """A workflow run."""

    workflow_template_id = serializers.IntegerField(source="template_id", allow_null=True)
    workflow_template_name = serializers.CharField(source="template_name")
    workflow_template_version = serializers.IntegerField(source="template_version", allow_null=True)
    status = serializers.ChoiceField(RunState.choices, source="state")
    task_ids = serializers.SerializerMethodField()
    task_counts = serializers.DictField(child=serializers.IntegerField())
    deadlock = serializers.SerializerMethodField()

    class Meta:
        model = WorkflowRun
        fields = [
            "id",
            "workflow_template_id",
            "workflow_template_name",
            "workflow_template_version",
            "task_ids",
            "status",
            "initiated_by",
            "created_by",
            "approver_must_differ",
            "parameters",
            "auto_dispatch",
            "created_at",
            "updated_at",
            "started_at",
            "finished_at",
            "task_counts",
            "deadlock",
        ]

    def get_task_ids(self, run: WorkflowRun) -> list[int]:
        """Return the ids of the run's tasks, in list order."""
        task_ids: dict[int, list[int]] = self.context["task_ids"]
        return task_ids[run.pk]

    @extend_schema_field(DeadlockAnswer(allow_null=True))
    def get_deadlock(self, run: WorkflowRun) -> dict[str, Any] | None:
        """Say why the run cannot go on, if so."""
        found: dict[int, dict[str, Any]] = self.context["deadlocks"]
        return found.get(run.pk)


class ExplainedTask(BlockedAnswer):
    """A task that does not move, and why."""

    sentence = serializers.CharField()
    waits_for = CauseAnswer(many=True)


class ExplainAnswer(serializers.Serializer[Any]):
    """Why a run does not move."""

    run_id = serializers.IntegerField()
    status = serializers.ChoiceField(RunState.choices)
    sentence = serializers.CharField(allow_blank=True)
    deadlock = DeadlockAnswer(allow_null=True)
    blocked = ExplainedTask(many=True)


class GraphNode(serializers.Serializer[Any]):
    """A task, as it is drawn."""

    task_id = serializers.IntegerField()
    step_id = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    status = serializers.ChoiceField(TaskState.choices)
    is_marked_success = serializers.BooleanField()
    dispatched_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class GraphEdge(serializers.Serializer[Any]):
    """The task `downstream` waits for the task `upstream`."""

    upstream = serializers.IntegerField()
    downstream = serializers.IntegerField()


class GraphAnswer(serializers.Serializer[Any]):
    """The tasks of a run in list order, and what waits for what."""

    run_id = serializers.IntegerField()
    status = serializers.ChoiceField(RunState.choices)
    nodes = GraphNode(many=True)
    edges = GraphEdge(many=True)


class WorkflowRuns(Resource[WorkflowRun]):
    """Workflow runs: executions of a template, or of tasks put together."""

    # The kept answer of the last dispatch may be long, and is not shown here.
    queryset = WorkflowRun.objects.defer("last_dispatch")
    serializer_class = RunAnswer
    filterset_class = RunFilters

    @extend_schema(request=RunBody, responses={201: RunAnswer})
    def create(self, request: Request) -> Response:
        """Create a run of a template, or of existing tasks in the order given."""
        run = create_run(**read(RunBody, request), by=actor(request))
        return self.answer(run.pk, 201)

    @extend_schema(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def pause(self, request: Request, pk: int) -> Response:
        """Hand out no more tasks until the run is resumed."""
        operations.pause(pk, **read(ReasonBody, request), by=actor(request))
        return self.answer(pk)

    @extend_schema(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def resume(self, request: Request, pk: int) -> Response:
        """Let a paused run hand out tasks again."""
        operations.resume(pk, **read(ReasonBody, request), by=actor(request))
        return self.answer(pk)

    @extend_schema(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def abort(self, request: Request, pk: int) -> Response:
        """End a run for good."""
        operations.abort(pk, **read(ReasonBody, request), by=actor(request))
        return self.answer(pk)

    @extend_schema(request=ReasonBody)
    @action(detail=True, methods=["post"], url_path="cancel-rest", permission_classes=[MayOperate])
    def cancel_rest(self, request: Request, pk: int) -> Response:
        """Cancel the pending tasks that wait for a failed or canceled one."""
        cancel_rest(pk, **read(ReasonBody, request), by=actor(request))
        return self.answer(pk)

    @extend_schema(request=DispatchBody, responses=DispatchAnswer)
    @action(
        detail=True, methods=["post"], url_path="dispatch-ready", permission_classes=[MayOperate]
    )
    def dispatch_ready(self, request: Request, pk: int) -> Response:
        """Dispatch the first ready tasks of the run; 409 if it is paused or aborted."""
        result = dispatch_ready(pk, **read(DispatchBody, request), by=actor(request))
        return Response(result.as_json())

    @extend_schema(responses=ExplainAnswer)
    @action(detail=True)
    def explain(self, request: Request, pk: int) -> Response:
        """Say why each pending task waits, down to its root causes."""
        return Response(explain(pk))

    @extend_schema(responses=GraphAnswer)
    @action(detail=True)
    def graph(self, request: Request, pk: int) -> Response:
        """Return the tasks with their states and times, and the edges between them."""
        run = self.row(pk)
        nodes = Task.objects.filter(run=run).order_by("position")
        edges = TaskDependency.objects.filter(task__run=run).order_by("pk")
        return Response(
            {
                "run_id": run.pk,
                "status": run.state,
                "nodes": list(nodes.values(*NODE_COLUMNS, task_id=F("pk"), status=F("state"))),
                "edges": list(edges.values(upstream=F("depends_on_id"), downstream=F("task_id"))),
            }
        )

    def facts(self, rows: Sequence[WorkflowRun]) -> Facts:
        """Return the tasks and the deadlocks of all the runs; four statements at most."""
        return {"task_ids": task_ids_of([run.pk for run in rows]), "deadlocks": deadlocks(rows)}


NODE_COLUMNS = [
    "step_id",
    "title",
    "is_marked_success",
    "dispatched_at",
    "started_at",
    "finished_at",
]

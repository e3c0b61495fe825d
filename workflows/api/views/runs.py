"""`/workflow-runs`."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from workflows import operations
from workflows.api import examples
from workflows.api.described import described
from workflows.api.filters import RunFilters
from workflows.api.permissions import MayOperate
from workflows.api.serializers.base import ReasonBody, RequiredReasonBody, validated
from workflows.api.serializers.dispatch import (
    DispatchAnswer,
    DispatchBody,
)
from workflows.api.serializers.run_bodies import (
    LabelsBody,
    NoteBody,
    RetryBody,
    RunBody,
    RunChangesBody,
)
from workflows.api.serializers.runs import (
    ExplanationAnswer,
    GraphAnswer,
    RunAnswer,
    StartedRunAnswer,
)
from workflows.api.viewsets import ReadOnlyViewSet, actor
from workflows.db.doors import durably
from workflows.errors import NotFound
from workflows.insight.explain import explain
from workflows.insight.situation import situations
from workflows.models import Task, TaskDependency, WorkflowRun
from workflows.operations.warnings import warnings_of_run
from workflows.runs.contents import contents_of
from workflows.runs.locks import no_such_run


class WorkflowRunViewSet(ReadOnlyViewSet[WorkflowRun]):
    """The executions of templates, or of existing tasks."""

    # The stored response of the last dispatch may be long, and is not returned here.
    queryset = WorkflowRun.objects.defer("last_dispatch")
    serializer_class = RunAnswer
    filterset_class = RunFilters

    def get_permissions(self) -> Any:
        """Changing a run is an operator's work, not that of who may edit rows."""
        return [MayOperate()] if self.action == "partial_update" else super().get_permissions()

    @described(request=RunBody, responses={201: StartedRunAnswer}, examples=examples.RUNS)
    def create(self, request: Request) -> Response:
        """
        Create a run of a template, or of existing tasks in the given order.

        With `auto_dispatch`, what is ready is dispatched at once; its hosts are called after that.
        Give `workflow_template_id`, `task_ids` or `again_of`.
        """
        body = validated(RunBody, request.data)
        run = durably(operations.start_run, **body, by=actor(request), in_background=True)
        answer = self.detail_response(run.pk, 201)
        answer.data["warnings"] = warnings_of_run(run)
        return answer

    @described(request=RunChangesBody)
    def partial_update(self, request: Request, pk: int) -> Response:
        """
        Switch auto-dispatch on or off; on, what is ready is dispatched at once.

        Off, what runs goes on, and nothing more is dispatched until somebody asks for it.
        """
        body = validated(RunChangesBody, request.data)
        durably(operations.set_auto_dispatch, pk, **body, by=actor(request))
        return self.detail_response(pk)

    @described(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def pause(self, request: Request, pk: int) -> Response:
        """
        Pause a run: no tasks are dispatched until it is resumed.

        What runs goes on to its end.
        """
        durably(operations.pause, pk, **validated(ReasonBody, request.data), by=actor(request))
        return self.detail_response(pk)

    @described(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def resume(self, request: Request, pk: int) -> Response:
        """
        Resume a paused run.

        With auto-dispatch, what is ready is dispatched at once.
        """
        durably(operations.resume, pk, **validated(ReasonBody, request.data), by=actor(request))
        return self.detail_response(pk)

    @described(request=ReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def abort(self, request: Request, pk: int) -> Response:
        """
        Abort a run permanently.

        Tasks that have not started are canceled, active ones are asked to end.
        """
        durably(operations.abort, pk, **validated(ReasonBody, request.data), by=actor(request))
        return self.detail_response(pk)

    @described(request=ReasonBody)
    @action(detail=True, methods=["post"], url_path="cancel-rest", permission_classes=[MayOperate])
    def cancel_rest(self, request: Request, pk: int) -> Response:
        """
        Cancel the pending tasks downstream of a failed or canceled one.

        They can never run unless it is retried or marked success. Everything else goes on.
        """
        durably(
            operations.cancel_rest, pk, **validated(ReasonBody, request.data), by=actor(request)
        )
        return self.detail_response(pk)

    @described(request=RequiredReasonBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def keep(self, request: Request, pk: int) -> Response:
        """
        Keep a run from being removed, with its logs and secrets.

        However old it gets, until somebody lets it go.
        """
        body = validated(RequiredReasonBody, request.data)
        durably(operations.keep, pk, **body, by=actor(request))
        return self.detail_response(pk)

    @described(request=ReasonBody)
    @action(detail=True, methods=["post"], url_path="let-go", permission_classes=[MayOperate])
    def let_go(self, request: Request, pk: int) -> Response:
        """
        Keep a run no longer than other runs of its template.

        It may be removed soon.
        """
        durably(operations.let_go, pk, **validated(ReasonBody, request.data), by=actor(request))
        return self.detail_response(pk)

    @described(request=LabelsBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def label(self, request: Request, pk: int) -> Response:
        """
        Give the run labels, or remove those that are null; its other labels stay.

        Runs are found by them: `GET /workflow-runs?q=label:team=data`.
        """
        durably(operations.label, pk, **validated(LabelsBody, request.data), by=actor(request))
        return self.detail_response(pk)

    @described(request=NoteBody)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def note(self, request: Request, pk: int) -> Response:
        """
        Write a note on the run: an event of its trail, which nobody can edit later.

        Read them by `GET /events?run_id=…&event_type=workflow_run.noted`.
        """
        durably(operations.note, pk, **validated(NoteBody, request.data), by=actor(request))
        return self.detail_response(pk)

    @described(request=RetryBody, examples=examples.RETRIES)
    @action(detail=True, methods=["post"], permission_classes=[MayOperate])
    def retry(self, request: Request, pk: int) -> Response:
        """
        Reset all failed tasks of the run to pending, or those that are named.

        All or none. Canceled and rejected ones only with `include_canceled`.
        """
        body = validated(RetryBody, request.data)
        durably(operations.retry_failed, pk, **body, by=actor(request))
        return self.detail_response(pk)

    @described(request=DispatchBody, responses=DispatchAnswer, examples=examples.DISPATCHES)
    @action(
        detail=True, methods=["post"], url_path="dispatch-ready", permission_classes=[MayOperate]
    )
    def dispatch_ready(self, request: Request, pk: int) -> Response:
        """
        Dispatch the first ready tasks of the run, or `task_id`; 409 if paused or aborted.

        One task, unless `limit` says more. Asking twice is harmless. If nothing is dispatched, the
        answer is 200 all the same: `reason` and `blocked` say why.
        """
        result = operations.dispatch_ready(
            pk, **validated(DispatchBody, request.data), by=actor(request)
        )
        return Response(result.as_json())

    @described(responses=ExplanationAnswer)
    @action(detail=True)
    def explain(self, request: Request, pk: int) -> Response:
        """
        Explain why each pending task is blocked, down to its root causes.

        The same in sentences for people and in data for programs.
        """
        return Response(explain(pk))

    @described(responses=GraphAnswer)
    @action(detail=True)
    def graph(self, request: Request, pk: int) -> Response:
        """Return the tasks with their states and times, and the dependencies between them."""
        run = self.get_object(pk)
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

    def not_found(self, pk: int) -> NotFound:
        """Return that there is no such run, or what became of it."""
        return no_such_run(pk)

    def related_data(self, rows: Sequence[WorkflowRun]) -> dict[str, Any]:
        """Return the tasks and situations of the runs, in a few statements for all."""
        return {
            "contents": contents_of([run.pk for run in rows]),
            "situations": situations(rows),
        }


NODE_COLUMNS = [
    "step_id",
    "title",
    "is_marked_success",
    "dispatched_at",
    "started_at",
    "finished_at",
]

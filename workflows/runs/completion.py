"""What the tasks' states make of their run."""

from workflows.db import failpoints
from workflows.models import (
    EventType,
    RunState,
    Task,
    WorkflowRun,
)
from workflows.models.actor import Actor
from workflows.runs.events import record

MOST_CAUSES_KEPT = 20


def close_run_if_finished(run: WorkflowRun, *, by: Actor) -> None:
    """
    End the run if it can go no further. The caller holds its lock and stores it.

    Costs nothing while tasks are active; never counts them.
    """
    if run.state not in {RunState.CREATED, RunState.RUNNING} or run.active_count:
        return
    if run.broken_count == run.pending_count == 0:
        _begin(run, by)
        run.succeed(by=by)
        failpoints.point("rollup.succeeded")
    elif run.broken_count and not Task.objects.ready().filter(run=run).exists():
        _begin(run, by)
        run.fail(by=by)
        failpoints.point("rollup.failed")
        _name_deadlock(run, by)


def _begin(run: WorkflowRun, by: Actor) -> None:
    if run.state == RunState.CREATED:
        run.start(by=by)


def _name_deadlock(run: WorkflowRun, by: Actor) -> None:
    if run.pending_count:
        causes = Task.objects.root_causes().filter(run=run)[:MOST_CAUSES_KEPT]
        record(
            EventType.RUN_DEADLOCKED,
            run=run,
            by=by,
            payload={"blocked": run.pending_count, "root_causes": [task.pk for task in causes]},
        )


def reopen_if_ready(run: WorkflowRun, *, by: Actor, reason: str = "") -> None:
    """Bring a failed run back if a person's word has made one of its tasks ready."""
    if run.state == RunState.FAILED and Task.objects.ready().filter(run=run).exists():
        run.reopen(by=by, reason=reason)

"""Derives the state of a run from its tasks."""

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
    End the run if it can go no further. The caller holds the run's lock and saves it.

    No query while tasks are active; tasks are never counted, the run's counters are read.
    """
    if run.state not in {RunState.CREATED, RunState.RUNNING} or run.active_count:
        return
    if run.broken_count == run.pending_count == 0:
        _start_if_new(run, by)
        run.succeed(by=by)
        failpoints.point("rollup.succeeded")
    elif run.broken_count and not Task.objects.ready().filter(run=run).exists():
        _start_if_new(run, by)
        run.fail(by=by)
        failpoints.point("rollup.failed")
        _record_deadlock(run, by)


def _start_if_new(run: WorkflowRun, by: Actor) -> None:
    if run.state == RunState.CREATED:
        run.start(by=by)


def _record_deadlock(run: WorkflowRun, by: Actor) -> None:
    if run.pending_count:
        causes = Task.objects.root_causes().filter(run=run)[:MOST_CAUSES_KEPT]
        record(
            EventType.RUN_DEADLOCKED,
            run=run,
            by=by,
            payload={"blocked": run.pending_count, "root_causes": [task.pk for task in causes]},
        )


def reopen_if_ready(run: WorkflowRun, *, by: Actor, reason: str = "") -> None:
    """Reopen a failed run if an operator has made one of its tasks ready."""
    if run.state == RunState.FAILED and Task.objects.ready().filter(run=run).exists():
        run.reopen(by=by, reason=reason)

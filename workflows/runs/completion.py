"""Derives the state of a run from its tasks."""

from django.db.models import QuerySet

from workflows.db import failpoints
from workflows.models import Event, EventType, RunState, Task, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.events import record
from workflows.runs.readiness import blocked_counts

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
    elif run.broken_count and not _has_ready_task(run):
        can_continue = _has_startable_task(run)
        if not can_continue:
            _start_if_new(run, by)
            run.fail(by=by)
            failpoints.point("rollup.failed")
        _record_deadlock(run, by, is_partial=can_continue)


def _has_ready_task(run: WorkflowRun) -> bool:
    # First, since its index answers at once; of a large run, all tasks are read for the other.
    return run.pending_count > 0 and Task.objects.ready().filter(run=run).exists()


def _has_startable_task(run: WorkflowRun) -> bool:
    return run.pending_count > 0 and Task.objects.startable().filter(run=run).exists()


def _start_if_new(run: WorkflowRun, by: Actor) -> None:
    if run.state == RunState.CREATED:
        run.start(by=by)


def _record_deadlock(run: WorkflowRun, by: Actor, *, is_partial: bool) -> None:
    """Record what blocks the pending tasks; once, while these causes stay as they are."""
    causes = [*_first_causes(run)] if run.pending_count else []
    if causes and not _is_recorded(run, causes):
        blocked = blocked_counts([run.pk])[run.pk] if is_partial else run.pending_count
        payload = {"blocked": blocked, "root_causes": causes}
        record(EventType.RUN_DEADLOCKED, run=run, by=by, payload=payload)


def _first_causes(run: WorkflowRun) -> QuerySet[Task, int]:
    causes = Task.objects.root_causes().filter(run=run)
    return causes.values_list("pk", flat=True)[:MOST_CAUSES_KEPT]


def _is_recorded(run: WorkflowRun, causes: list[int]) -> bool:
    """Return True if the latest deadlock had these causes, and none was retried since."""
    last = Event.objects.filter(run=run, event_type=EventType.RUN_DEADLOCKED).last()
    if last is None or last.payload["root_causes"] != causes:
        return False
    retried = Event.objects.filter(run=run, event_type=EventType.TASK_RETRIED, pk__gt=last.pk)
    return not retried.filter(task__in=causes).exists()


def reopen_if_ready(run: WorkflowRun, *, by: Actor, reason: str = "") -> None:
    """Reopen a failed run if an operator has made one of its tasks ready."""
    if run.state == RunState.FAILED and Task.objects.ready().filter(run=run).exists():
        run.reopen(by=by, reason=reason)

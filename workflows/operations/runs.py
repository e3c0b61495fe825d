"""What an operator does to runs."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django_fsm import can_proceed

from workflows.dispatch.auto_dispatch import advance_run
from workflows.errors import Conflict
from workflows.models import (
    RunState,
    Task,
    TaskState,
    WorkflowRun,
)
from workflows.models.actor import Actor
from workflows.models.task import ACTIVE
from workflows.operations.cancellation import cancel_tasks
from workflows.operations.preview import Waiting
from workflows.runs.locks import lock_run
from workflows.runs.transitions import save_progress, transition_tasks


@transaction.atomic
def pause(run_id: int, *, by: Actor, reason: str = "") -> WorkflowRun:
    """
    Hand out no more tasks of a run until it is resumed; what is active goes on.

    :raises NotFound: if there is no such run.
    :raises Conflict: if the run is paused or finished.
    """
    run = lock_run(run_id)
    if run.state == RunState.CREATED:
        run.start(by=by)
    _check(run, run.pause)
    run.pause(by=by, reason=reason)
    save_progress(run)
    return run


@transaction.atomic
def resume(run_id: int, *, by: Actor, reason: str = "") -> WorkflowRun:
    """
    Let a paused run hand out tasks again; what happened meanwhile is taken into account.

    :raises NotFound: if there is no such run.
    :raises Conflict: if the run is not paused.
    """
    run = lock_run(run_id)
    _check(run, run.resume)
    run.resume(by=by, reason=reason)
    advance_run(run, by=by)
    return run


@transaction.atomic
def abort(run_id: int, *, by: Actor, reason: str = "") -> WorkflowRun:
    """
    End a run for good: cancel all that has not started, ask for the end of all that has.

    :raises NotFound: if there is no such run.
    :raises Conflict: if the run is finished.
    """
    run = lock_run(run_id)
    _check(run, run.abort)
    run.abort(by=by, reason=reason)
    unfinished = Task.objects.filter(run=run, state__in=[TaskState.PENDING, *ACTIVE])
    cancel_tasks(run, list(unfinished), by=by, reason=reason)
    save_progress(run)
    return run


def _check(run: WorkflowRun, transition: Any) -> None:
    if not can_proceed(transition):
        raise Conflict(f"{run} is {run.state}")


@transaction.atomic
def cancel_rest(run_id: int, *, by: Actor, reason: str = "") -> WorkflowRun:
    """
    Cancel the pending tasks that wait for a failed or canceled one, directly or not.

    :raises NotFound: if there is no such run.
    :raises Conflict: if the run is aborted, or nothing in it waits for such a task.
    """
    run = lock_run(run_id)
    if run.state == RunState.ABORTED:
        raise Conflict(f"{run} is {run.state}")
    waiting = Waiting([run.pk])
    permanently_blocked = waiting.permanently_blocked()
    tasks = [task for pk, task in waiting.tasks.items() if pk in permanently_blocked]
    if not tasks:
        raise Conflict(f"nothing in {run} waits for a failed or canceled task")
    transition_tasks(
        run, tasks, Task.cancel, by=by, reason=reason, note=reason, finished_at=timezone.now()
    )
    advance_run(run, by=by)
    return run

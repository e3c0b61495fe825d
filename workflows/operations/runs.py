"""Operations on runs: pause, resume, abort, cancel the rest, switch auto-dispatch."""

from django.utils import timezone

from workflows.db.doors import nestable
from workflows.dispatch.auto_dispatch import advance_run
from workflows.models import EventType, RunState, Task, TaskState, WorkflowRun
from workflows.models.actor import By, as_actor
from workflows.models.task import ACTIVE
from workflows.operations.cancellation import cancel_tasks
from workflows.operations.checks import (
    check_abort,
    check_auto_dispatch,
    check_cancel_rest,
    check_pause,
    check_resume,
    enforce,
)
from workflows.operations.preview import PendingTasks
from workflows.operations.trouble import says_what_is_wrong
from workflows.runs.events import record
from workflows.runs.locks import lock_run
from workflows.runs.transitions import save_progress, transition_tasks


@says_what_is_wrong
@nestable
def pause(run_id: int, *, by: By, reason: str = "") -> WorkflowRun:
    """
    Dispatch no more tasks of a run until it is resumed; active tasks continue.

    :raises NotFound: if there is no such run.
    :raises Conflict: if the run is paused or finished.
    """
    by = as_actor(by)
    run = lock_run(run_id)
    enforce(check_pause(run, by))
    if run.state == RunState.CREATED:
        run.start(by=by)
    run.pause(by=by, reason=reason)
    save_progress(run)
    return run


@says_what_is_wrong
@nestable
def resume(run_id: int, *, by: By, reason: str = "") -> WorkflowRun:
    """
    Let a paused run dispatch tasks again, and close it if its last task ended meanwhile.

    :raises NotFound: if there is no such run.
    :raises Conflict: if the run is not paused.
    """
    by = as_actor(by)
    run = lock_run(run_id)
    enforce(check_resume(run, by))
    run.resume(by=by, reason=reason)
    advance_run(run, by=by)
    return run


@says_what_is_wrong
@nestable
def abort(run_id: int, *, by: By, reason: str = "") -> WorkflowRun:
    """
    End a run permanently: cancel tasks that have not started, ask active tasks to end.

    :raises NotFound: if there is no such run.
    :raises Conflict: if the run is finished.
    """
    by = as_actor(by)
    run = lock_run(run_id)
    enforce(check_abort(run, by))
    run.abort(by=by, reason=reason)
    unfinished = Task.objects.filter(run=run, state__in=[TaskState.PENDING, *ACTIVE])
    cancel_tasks(run, list(unfinished), by=by, reason=reason)
    save_progress(run)
    return run


@says_what_is_wrong
@nestable
def cancel_rest(run_id: int, *, by: By, reason: str = "") -> WorkflowRun:
    """
    Cancel the pending tasks that wait for a failed or canceled one, directly or not.

    :raises NotFound: if there is no such run.
    :raises Conflict: if the run is aborted, or nothing in it waits for such a task.
    """
    by = as_actor(by)
    run = lock_run(run_id)
    enforce(check_cancel_rest(run, by))
    pending = PendingTasks([run.pk])
    blocked = pending.permanently_blocked()
    tasks = [task for pk, task in pending.tasks.items() if pk in blocked]
    now = timezone.now()
    transition_tasks(
        run, tasks, Task.cancel, by=by, reason=reason, at=now, note=reason, finished_at=now
    )
    advance_run(run, by=by)
    return run


@says_what_is_wrong
@nestable
def set_auto_dispatch(run_id: int, *, auto_dispatch: bool, by: By, reason: str = "") -> WorkflowRun:
    """
    Switch a run's auto-dispatch on or off; on, what is ready is dispatched at once.

    A repeated call changes nothing and leaves no event.

    :raises NotFound: if there is no such run.
    :raises Conflict: if the run is aborted.
    """
    by = as_actor(by)
    run = lock_run(run_id)
    enforce(check_auto_dispatch(run, by))
    if run.auto_dispatch != auto_dispatch:
        run.auto_dispatch = auto_dispatch
        WorkflowRun.objects.filter(pk=run.pk).update(auto_dispatch=auto_dispatch)
        payload = {"auto_dispatch": auto_dispatch}
        record(EventType.AUTO_DISPATCH_SET, run=run, by=by, reason=reason, payload=payload)
        advance_run(run, by=by)
    return run

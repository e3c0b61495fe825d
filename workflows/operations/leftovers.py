"""What can never run any more is canceled in one go."""

from django.db import transaction
from django.utils import timezone

from workflows.dispatch.auto_dispatch import go_on
from workflows.errors import Conflict
from workflows.models import RunState, Task, WorkflowRun
from workflows.operations.preview import Waiting
from workflows.runs.locks import lock_run
from workflows.runs.transitions import move


@transaction.atomic
def cancel_rest(run_id: int, *, by: str, reason: str = "") -> WorkflowRun:
    """
    Cancel the pending tasks that wait for a failed or canceled one, directly or not.

    :raises NotFound: if there is no such run.
    :raises Conflict: if the run is aborted, or nothing in it waits for such a task.
    """
    run = lock_run(run_id)
    if run.state == RunState.ABORTED:
        raise Conflict(f"{run} is {run.state}")
    waiting = Waiting([run.pk])
    doomed = waiting.doomed()
    tasks = [task for pk, task in waiting.tasks.items() if pk in doomed]
    if not tasks:
        raise Conflict(f"nothing in {run} waits for a failed or canceled task")
    move(run, tasks, Task.cancel, by=by, reason=reason, note=reason, finished_at=timezone.now())
    go_on(run, by=by)
    return run

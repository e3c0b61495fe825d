"""The run's row is the one lock of the run: whoever changes its tasks holds it."""

from workflows.errors import Conflict, NotFound
from workflows.models import Task, WorkflowRun


def lock_run(run_id: int) -> WorkflowRun:
    """
    Take the lock of a run until the transaction ends, and return the run as it is then.

    Read its tasks afterwards, in another statement: a join would show them from before the wait.

    :raises NotFound: if there is no such run.
    """
    try:
        # The kept answer may be long, and nobody who moves tasks looks at it.
        return (
            WorkflowRun.objects.select_for_update(no_key=True).defer("last_dispatch").get(pk=run_id)
        )
    except WorkflowRun.DoesNotExist:
        raise NotFound("workflow run", run_id) from None


def lock_task(task_id: int) -> tuple[WorkflowRun | None, Task]:
    """
    Take the lock of a task's run (of the task alone, if it is in none), and return both.

    :raises NotFound: if there is no such task.
    :raises Conflict: if the task was put into a run at this very moment.
    """
    try:
        run_id = Task.objects.values_list("run_id", flat=True).get(pk=task_id)
    except Task.DoesNotExist:
        raise NotFound("task", task_id) from None
    run = lock_run(run_id) if run_id else None
    task = Task.objects.select_for_update(no_key=True).get(pk=task_id)
    if task.run_id != run_id:
        raise Conflict(f"task {task_id} was just put into a run; try again")
    return run, task

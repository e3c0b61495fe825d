"""The row of a run is its one lock: every transaction that changes tasks of the run holds it."""

from workflows.db.statements import columns_of, read
from workflows.db.time_limits import locking
from workflows.errors import Conflict, NotFound
from workflows.models import RunRecord, Task, WorkflowRun

LARGEST_ID = 2**63 - 1

# The answer to the last dispatch may be long, and is never needed under the lock.
RUN = columns_of(WorkflowRun, without=["last_dispatch"])
# Sets for how long this transaction waits for locks, this one included, in the same round trip.
LOCK_RUN = f"""
    SELECT {RUN} FROM {WorkflowRun._meta.db_table} WHERE id = %(run)s AND removed_at IS NULL
       AND set_config('lock_timeout', '3s', true) IS NOT NULL FOR NO KEY UPDATE
"""


def lock_run(run_id: int) -> WorkflowRun:
    """
    Take the lock of a run until the transaction ends, and return the run as it is then.

    Whoever waits for longer than three seconds, for this lock or a later one, gets an error.

    Read its tasks afterwards, by another statement: a join would show them as before the wait.

    :raises NotFound: if there is no such run.
    :raises Busy: if somebody else holds the lock for longer than this thread may wait.
    """
    if abs(run_id) > LARGEST_ID:
        raise no_such_run(run_id)
    with locking("workflow run", run_id):
        found = read(WorkflowRun, LOCK_RUN, run=run_id)
    if not found:
        raise no_such_run(run_id)
    return found[0]


def no_such_run(run_id: int) -> NotFound:
    """Return that there is no such run; of one that was removed, when, by whom and why."""
    records = RunRecord.objects.filter(removed_at__isnull=False)
    removed = records.filter(pk=run_id).first() if 0 < run_id <= LARGEST_ID else None
    return NotFound("workflow run", run_id, removed.removal_sentence if removed else "")


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
    with locking("task", task_id):
        task = Task.objects.select_for_update(no_key=True).get(pk=task_id)
    if task.run_id != run_id:
        raise Conflict(f"task {task_id} was just put into a run; try again")
    task.run = run
    return run, task

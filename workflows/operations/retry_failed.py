"""The operation that retries failed tasks of a run: all of them, or those that are named."""

from collections.abc import Collection

from workflows.db.doors import nestable
from workflows.errors import Conflict, Invalid
from workflows.models import Task, TaskState, WorkflowRun
from workflows.models.actor import By, as_actor
from workflows.models.task import BROKEN, CLEARED
from workflows.operations.checks import check_retry_failed, check_secrets_of, enforce
from workflows.operations.tasks import reopen_and_advance
from workflows.operations.trouble import says_what_is_wrong
from workflows.runs.approval_requests import request_again_if_rejected
from workflows.runs.locks import lock_run
from workflows.runs.transitions import transition_tasks


@says_what_is_wrong
@nestable
def retry_failed(
    run_id: int,
    *,
    task_ids: Collection[int] = (),
    step_ids: Collection[str] = (),
    include_canceled: bool = False,
    by: By,
    reason: str = "",
) -> list[Task]:
    """
    Return failed tasks of a run to the queue, in one step; each next dispatch is a new attempt.

    :param task_ids: only these; or `step_ids`, only these. Neither: all.
    :param include_canceled: canceled tasks, too, those whose approval was rejected among them.
    :returns: the tasks that are pending again, in the template's order.
    :raises NotFound: if there is no such run.
    :raises Invalid: if a task or step that is named is not in the run, or both are named.
    :raises Conflict: if the run is aborted, nothing is to be retried, or a named task is in
        another state.
    """
    by = as_actor(by)
    if task_ids and step_ids:
        raise Invalid({"step_ids": ["Give task_ids or step_ids, not both."]})
    run = lock_run(run_id)
    enforce(check_retry_failed(run, by))
    wanted = BROKEN if include_canceled else {TaskState.FAILED}
    tasks = _named(run, task_ids, step_ids) if task_ids or step_ids else _in_states(run, wanted)
    _check(run, tasks, wanted)
    transition_tasks(run, tasks, Task.retry, by=by, reason=reason, **CLEARED)
    request_again_if_rejected(run, tasks, by=by)
    reopen_and_advance(run, by=by, reason=reason)
    return tasks


def _in_states(run: WorkflowRun, states: Collection[str]) -> list[Task]:
    found = Task.objects.filter(run=run, state__in=states)
    return list(found.order_by("position").defer("payload"))


def _named(run: WorkflowRun, task_ids: Collection[int], step_ids: Collection[str]) -> list[Task]:
    field, column = ("task_ids", "pk") if task_ids else ("step_ids", "step_id")
    named = set(task_ids or step_ids)
    tasks = Task.objects.filter(run=run).order_by("position").defer("payload")
    found = [task for task in tasks if getattr(task, column) in named]
    if missing := named.difference(getattr(task, column) for task in found):
        names = ", ".join(sorted(f"'{name}'" if step_ids else str(name) for name in missing))
        what = "step" if step_ids else "task"
        raise Invalid({field: [f"There is no {what} {names} in {run}."]})
    return found


def _check(run: WorkflowRun, tasks: Collection[Task], wanted: Collection[str]) -> None:
    for task in tasks:
        if task.state in wanted:
            continue
        remedy = "; include_canceled retries it, too" if task.state in BROKEN else ""
        raise Conflict(f"task {task.pk} is {task.state}{remedy}")
    enforce(check_secrets_of(run, tasks))
    if not tasks:
        n = run.canceled_count
        raise Conflict(f"nothing in {run} has failed; {n} canceled: include_canceled retries them")

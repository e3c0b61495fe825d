"""What an operator does to tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from workflows.dispatch.auto_dispatch import advance_run
from workflows.errors import Conflict, Invalid
from workflows.graph import downstream_of
from workflows.models import (
    RunState,
    Task,
    TaskDependency,
    WorkflowRun,
)
from workflows.models.actor import Actor
from workflows.models.task import ACTIVE, CLEARED, ENDED
from workflows.operations.cancellation import cancel_tasks
from workflows.runs.approval_requests import request_again_if_rejected
from workflows.runs.events import Transition, states_of
from workflows.runs.locks import lock_task
from workflows.runs.transitions import batches, transition_tasks


@transaction.atomic
def cancel(task_id: int, *, by: Actor, reason: str = "") -> Task:
    """
    Cancel a task; one that is being executed is canceled once its executor has ended it.

    :raises NotFound: if there is no such task.
    :raises Conflict: if the task has ended.
    """
    run, task = lock_task(task_id)
    _check_task(task, Task.cancel)
    cancel_tasks(run, [task], by=by, reason=reason)
    _go_on(run, by=by)
    return task


@transaction.atomic
def retry(task_id: int, *, by: Actor, reason: str = "") -> Task:
    """
    Return a failed or canceled task to the queue; its next dispatch is a new attempt.

    :raises NotFound: if there is no such task.
    :raises Conflict: if the task has not ended badly, or its run is aborted.
    """
    return _mend(task_id, Task.retry, by=by, reason=reason, columns=CLEARED)


@transaction.atomic
def mark_success(task_id: int, *, by: Actor, reason: str) -> Task:
    """
    Count a failed or canceled task as done, for ever shown as set by hand.

    :raises Invalid: without a reason.
    :raises NotFound: if there is no such task.
    :raises Conflict: if the task has not ended badly, or its run is aborted.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why this task counts as done."]})
    columns = {"is_marked_success": True, "note": reason, "finished_at": timezone.now()}
    return _mend(task_id, Task.mark_success, by=by, reason=reason, columns=columns)


def _mend(
    task_id: int, transition: Transition, *, by: Actor, reason: str, columns: dict[str, Any]
) -> Task:
    run, task = lock_task(task_id)
    _check_task(task, transition)
    if run and run.state == RunState.ABORTED:
        raise Conflict(f"{run} is {run.state}")
    transition_tasks(run, [task], transition, by=by, reason=reason, **columns)
    if transition is Task.retry:
        request_again_if_rejected(run, task, by=by)
    if run and run.state == RunState.FAILED:
        run.reopen(by=by, reason=reason)
    _go_on(run, by=by)
    task.refresh_from_db()
    return task


def _go_on(run: WorkflowRun | None, *, by: Actor) -> None:
    if run:
        advance_run(run, by=by)


def _check_task(task: Task, transition: Transition) -> None:
    if task.state not in states_of(transition)[0]:
        raise Conflict(f"task {task.pk} is {task.state}")


@dataclass(frozen=True, slots=True)
class Reset:
    """What returns to the queue, in the template's order, in the states that it had."""

    task_id: int
    tasks: tuple[Task, ...]
    states: tuple[str, ...]


@transaction.atomic
def retry_downstream(task_id: int, *, by: Actor, reason: str = "", dry_run: bool = False) -> Reset:
    """
    Return an ended task to the queue, and all that ended after it on every path from it.

    What it brought about stays: attempts with their logs and results, and the trail. What waits
    downstream waits again.

    :param dry_run: say what would be reset, and write nothing.
    :raises NotFound: if there is no such task.
    :raises Conflict: if the task has not ended, something downstream is active, or the run is
        aborted.
    """
    run, task = lock_task(task_id)
    if task.state not in ENDED:
        raise Conflict(f"task {task.pk} is {task.state}")
    if run and run.state == RunState.ABORTED:
        raise Conflict(f"{run} is {run.state}")
    tasks = [task, *_ended_downstream(run, task)]
    reset = Reset(task.pk, tuple(tasks), tuple(each.state for each in tasks))
    if not dry_run:
        _reset(run, task, tasks, by=by, reason=reason)
    return reset


def _ended_downstream(run: WorkflowRun | None, task: Task) -> list[Task]:
    edges = TaskDependency.objects.filter(task__run=run).values_list("depends_on_id", "task_id")
    following = list(downstream_of(task.pk, edges.iterator() if run else ()))
    found = [each for batch in batches(following) for each in Task.objects.filter(pk__in=batch)]
    for each in found:
        if each.state in ACTIVE:
            raise Conflict(f"task {each.pk} ({each}) is {each.state}; cancel it first")
    return sorted((each for each in found if each.state in ENDED), key=lambda each: each.position)


def _reset(
    run: WorkflowRun | None, task: Task, tasks: Sequence[Task], *, by: Actor, reason: str
) -> None:
    payloads = {each.pk: {"downstream_of": task.pk} for each in tasks if each.pk != task.pk}
    columns = {**CLEARED, "is_marked_success": False, "dispatched_at": None}
    transition_tasks(run, tasks, Task.reset, by=by, reason=reason, payloads=payloads, **columns)
    for each in tasks:
        request_again_if_rejected(run, each, by=by)
    if run:
        if run.state in {RunState.FAILED, RunState.SUCCESS}:
            run.reopen(by=by, reason=reason)
        advance_run(run, by=by)

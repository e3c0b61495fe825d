"""Operations on tasks: cancel, retry, mark success, retry with downstream."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from workflows.dispatch.auto_dispatch import advance_run
from workflows.errors import Invalid
from workflows.models import RunState, Task, WorkflowRun
from workflows.models.actor import Actor
from workflows.models.task import CLEARED, ENDED
from workflows.operations.cancellation import cancel_tasks
from workflows.operations.checks import (
    check_cancel,
    check_mark_success,
    check_retry,
    check_retry_downstream,
    enforce,
)
from workflows.operations.preview import downstream_ids
from workflows.runs.approval_requests import request_again_if_rejected
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
    enforce(check_cancel(task, by))
    cancel_tasks(run, [task], by=by, reason=reason)
    if run:
        advance_run(run, by=by)
    return task


@transaction.atomic
def retry(task_id: int, *, by: Actor, reason: str = "") -> Task:
    """
    Return a failed or canceled task to the queue; its next dispatch is a new attempt.

    :raises NotFound: if there is no such task.
    :raises Conflict: if the task is neither failed nor canceled, or its run is aborted.
    """
    run, task = lock_task(task_id)
    enforce(check_retry(task, by))
    transition_tasks(run, [task], Task.retry, by=by, reason=reason, **CLEARED)
    request_again_if_rejected(run, task, by=by)
    _reopen_and_advance(run, by=by, reason=reason)
    task.refresh_from_db()
    return task


@transaction.atomic
def mark_success(task_id: int, *, by: Actor, reason: str) -> Task:
    """
    Count a failed or canceled task as done; it is permanently shown as set by hand.

    :raises Invalid: without a reason.
    :raises NotFound: if there is no such task.
    :raises Conflict: if the task is neither failed nor canceled, or its run is aborted.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why this task counts as done."]})
    run, task = lock_task(task_id)
    enforce(check_mark_success(task, by))
    transition_tasks(
        run,
        [task],
        Task.mark_success,
        by=by,
        reason=reason,
        at=(now := timezone.now()),
        note=reason,
        is_marked_success=True,
        finished_at=now,
    )
    _reopen_and_advance(run, by=by, reason=reason)
    task.refresh_from_db()
    return task


@dataclass(frozen=True, slots=True)
class Reset:
    """The tasks that return to the queue, in the template's order, and the states they were in."""

    task_id: int
    tasks: tuple[Task, ...]
    states: tuple[str, ...]


@transaction.atomic
def retry_downstream(task_id: int, *, by: Actor, reason: str = "", dry_run: bool = False) -> Reset:
    """
    Return an ended task to the queue, and all ended tasks downstream of it.

    Earlier attempts with their logs and results stay, and so does the trail. Pending tasks
    downstream wait again for what is reset.

    :param dry_run: return what would be reset, and write nothing.
    :raises NotFound: if there is no such task.
    :raises Conflict: if the task has not ended, something downstream is active, or the run is
        aborted.
    """
    run, task = lock_task(task_id)
    enforce(check_retry_downstream(task, by))
    tasks = [task, *_ended_downstream(task)]
    reset = Reset(task.pk, tuple(tasks), tuple(each.state for each in tasks))
    if not dry_run:
        _reset(run, task, tasks, by=by, reason=reason)
    return reset


def _ended_downstream(task: Task) -> list[Task]:
    ended = Task.objects.filter(state__in=ENDED)
    found = [each for pks in batches([*downstream_ids(task)]) for each in ended.filter(pk__in=pks)]
    return sorted(found, key=lambda each: each.position)


def _reset(
    run: WorkflowRun | None, task: Task, tasks: Sequence[Task], *, by: Actor, reason: str
) -> None:
    payloads = {each.pk: {"downstream_of": task.pk} for each in tasks if each.pk != task.pk}
    columns = {**CLEARED, "is_marked_success": False, "dispatched_at": None}
    transition_tasks(run, tasks, Task.reset, by=by, reason=reason, payloads=payloads, **columns)
    for each in tasks:
        request_again_if_rejected(run, each, by=by)
    _reopen_and_advance(run, by=by, reason=reason)


def _reopen_and_advance(run: WorkflowRun | None, *, by: Actor, reason: str) -> None:
    if run is None:
        return
    if run.state in {RunState.FAILED, RunState.SUCCESS}:
        run.reopen(by=by, reason=reason)
    advance_run(run, by=by)

"""Operations on tasks: cancel, retry, mark success, retry with downstream."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils import timezone

from workflows.db.doors import nestable
from workflows.dispatch.auto_dispatch import advance_run
from workflows.errors import Invalid
from workflows.models import RunState, Task, WorkflowRun
from workflows.models.actor import Actor, By, as_actor
from workflows.models.task import CLEARED, ENDED
from workflows.operations.approvals import approve_by_mark_success
from workflows.operations.cancellation import cancel_tasks
from workflows.operations.checks import (
    check_cancel,
    check_mark_success,
    check_retry,
    check_retry_downstream,
    check_secrets_of,
    enforce,
)
from workflows.operations.paths import downstream_ids, passed_gates
from workflows.operations.trouble import says_what_is_wrong
from workflows.runs.approval_requests import (
    gates_asking_again,
    request_again_after_reset,
    request_again_if_rejected,
)
from workflows.runs.locks import lock_task
from workflows.runs.transitions import batches, transition_tasks


@says_what_is_wrong
@nestable
def cancel(task_id: int, *, by: By, reason: str = "") -> Task:
    """
    Cancel a task; one that is being executed is canceled once its executor has ended it.

    :raises NotFound: if there is no such task.
    :raises Conflict: if the task has ended.
    """
    by = as_actor(by)
    run, task = lock_task(task_id)
    enforce(check_cancel(task, by))
    cancel_tasks(run, [task], by=by, reason=reason)
    if run:
        advance_run(run, by=by)
    return task


@says_what_is_wrong
@nestable
def retry(task_id: int, *, by: By, reason: str = "") -> Task:
    """
    Return a failed or canceled task to the queue; its next dispatch is a new attempt.

    :raises NotFound: if there is no such task.
    :raises Conflict: if the task is neither failed nor canceled, or its run is aborted.
    """
    by = as_actor(by)
    run, task = lock_task(task_id)
    enforce(check_retry(task, by))
    transition_tasks(run, [task], Task.retry, by=by, reason=reason, **CLEARED)
    request_again_if_rejected(run, [task], by=by)
    reopen_and_advance(run, by=by, reason=reason)
    task.refresh_from_db()
    return task


@says_what_is_wrong
@nestable
def mark_success(task_id: int, *, by: By, reason: str) -> Task:
    """
    Count a failed or canceled task as done; it is permanently shown as set by hand.

    :raises Invalid: without a reason.
    :raises NotFound: if there is no such task.
    :raises Conflict: if the task is neither failed nor canceled, or its run is aborted; if nobody
        has approved it, or what it waits for, and another person than `by` must.
    :raises NotPermitted: if nobody has, and `by` may not decide approvals.
    """
    by = as_actor(by)
    if not reason.strip():
        raise Invalid({"reason": ["Say why this task counts as done."]})
    run, task = lock_task(task_id)
    enforce(check_mark_success(task, by))
    passed = [gate.pk for gate in passed_gates(task)]
    if task.pk in passed:
        approve_by_mark_success(run, task, by=by, reason=reason)
    transition_tasks(
        run,
        [task],
        Task.mark_success,
        by=by,
        reason=reason,
        payloads={task.pk: {"passed_gates": passed}} if passed else None,
        at=(now := timezone.now()),
        note=reason,
        is_marked_success=True,
        finished_at=now,
    )
    reopen_and_advance(run, by=by, reason=reason)
    task.refresh_from_db()
    return task


@dataclass(frozen=True, slots=True)
class Reset:
    """The tasks that return to the queue, in the template's order, and the states they were in."""

    task_id: int
    tasks: tuple[Task, ...]
    states: tuple[str, ...]
    gates: tuple[Task, ...]
    """Those that ask for approval again, besides those that wait for it anyway."""


@says_what_is_wrong
@nestable
def retry_downstream(task_id: int, *, by: By, reason: str = "", dry_run: bool = False) -> Reset:
    """
    Return an ended task to the queue, and all ended tasks downstream of it.

    Earlier attempts with their logs and results stay, and so does the trail. Pending tasks
    downstream wait again for what is reset. What was approved among all of them asks again.

    :param dry_run: return what would be reset, and write nothing.
    :raises NotFound: if there is no such task.
    :raises Conflict: if the task has not ended, something downstream is active, or the run is
        aborted.
    """
    by = as_actor(by)
    run, task = lock_task(task_id)
    enforce(check_retry_downstream(task, by))
    downstream = downstream_ids(task)
    tasks = (task, *_ended(downstream))
    enforce(check_secrets_of(run, tasks))
    gates = tuple(gates_asking_again({task.pk, *downstream}))
    reset = Reset(task.pk, tasks, tuple(each.state for each in tasks), gates)
    if not dry_run:
        _reset(run, task, reset, by=by, reason=reason)
    return reset


def _ended(task_ids: Collection[int]) -> list[Task]:
    ended = Task.objects.filter(state__in=ENDED)
    found = [each for pks in batches([*task_ids]) for each in ended.filter(pk__in=pks)]
    return sorted(found, key=lambda each: each.position)


def _reset(run: WorkflowRun | None, task: Task, reset: Reset, *, by: Actor, reason: str) -> None:
    tasks = reset.tasks
    payloads = {each.pk: {"downstream_of": task.pk} for each in tasks if each.pk != task.pk}
    columns = {**CLEARED, "is_marked_success": False, "dispatched_at": None}
    transition_tasks(run, tasks, Task.reset, by=by, reason=reason, payloads=payloads, **columns)
    request_again_after_reset(run, task, reset.gates, by=by)
    reopen_and_advance(run, by=by, reason=reason)


def reopen_and_advance(run: WorkflowRun | None, *, by: Actor, reason: str) -> None:
    """Continue a run some of whose ended tasks are pending again, or count as done."""
    if run is None:
        return
    if run.state in {RunState.FAILED, RunState.SUCCESS}:
        run.reopen(by=by, reason=reason)
    advance_run(run, by=by)

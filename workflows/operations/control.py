"""What an operator does to runs and tasks; every door calls these."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_fsm import can_proceed

from workflows.db import failpoints
from workflows.dispatch.attempts import CLEARED
from workflows.dispatch.auto_dispatch import go_on
from workflows.errors import Conflict, Invalid
from workflows.models import (
    ApprovalStatus,
    Event,
    EventType,
    RunState,
    Task,
    TaskAttempt,
    TaskState,
    WorkflowRun,
)
from workflows.models.attempt import Outcome
from workflows.models.task import ACTIVE
from workflows.reports.polling import ask_to_end
from workflows.runs.approval_requests import ask
from workflows.runs.events import Arrow, ends
from workflows.runs.locks import lock_run, lock_task
from workflows.runs.transitions import batches, move


@transaction.atomic
def pause(run_id: int, *, by: str, reason: str = "") -> WorkflowRun:
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
    run.save_progress()
    return run


@transaction.atomic
def resume(run_id: int, *, by: str, reason: str = "") -> WorkflowRun:
    """
    Let a paused run hand out tasks again; what happened meanwhile is taken into account.

    :raises NotFound: if there is no such run.
    :raises Conflict: if the run is not paused.
    """
    run = lock_run(run_id)
    _check(run, run.resume)
    run.resume(by=by, reason=reason)
    go_on(run, by=by)
    return run


@transaction.atomic
def abort(run_id: int, *, by: str, reason: str = "") -> WorkflowRun:
    """
    End a run for good: cancel all that has not started, ask for the end of all that has.

    :raises NotFound: if there is no such run.
    :raises Conflict: if the run is finished.
    """
    run = lock_run(run_id)
    _check(run, run.abort)
    run.abort(by=by, reason=reason)
    unfinished = Task.objects.filter(run=run, state__in=[TaskState.PENDING, *ACTIVE])
    _cancel(run, list(unfinished), by=by, reason=reason)
    run.save_progress()
    return run


@transaction.atomic
def cancel(task_id: int, *, by: str, reason: str = "") -> Task:
    """
    Cancel a task; one that is being executed is canceled once its executor has ended it.

    :raises NotFound: if there is no such task.
    :raises Conflict: if the task has ended.
    """
    run, task = lock_task(task_id)
    _check_task(task, Task.cancel)
    _cancel(run, [task], by=by, reason=reason)
    _go_on(run, by=by)
    return task


@transaction.atomic
def retry(task_id: int, *, by: str, reason: str = "") -> Task:
    """
    Return a failed or canceled task to the queue; its next dispatch is a new attempt.

    :raises NotFound: if there is no such task.
    :raises Conflict: if the task has not ended badly, or its run is aborted.
    """
    return _mend(task_id, Task.retry, by=by, reason=reason, columns=CLEARED)


@transaction.atomic
def mark_success(task_id: int, *, by: str, reason: str) -> Task:
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


def _mend(task_id: int, arrow: Arrow, *, by: str, reason: str, columns: dict[str, Any]) -> Task:
    run, task = lock_task(task_id)
    _check_task(task, arrow)
    if run and run.state == RunState.ABORTED:
        raise Conflict(f"{run} is {run.state}")
    move(run, [task], arrow, by=by, reason=reason, **columns)
    if arrow is Task.retry:
        ask_again_if_rejected(run, task, by=by)
    if run and run.state == RunState.FAILED:
        run.reopen(by=by, reason=reason)
    _go_on(run, by=by)
    task.refresh_from_db()
    return task


def ask_again_if_rejected(run: WorkflowRun | None, task: Task, *, by: str) -> None:
    """Let a task that returns to the queue after a rejection wait for another decision."""
    if task.requires_approval and _was_rejected(task):
        ask(run, task, by=by)


def _was_rejected(task: Task) -> bool:
    return task.approvals.latest("id").status == ApprovalStatus.REJECTED


def _go_on(run: WorkflowRun | None, *, by: str) -> None:
    if run:
        go_on(run, by=by)


def _check(run: WorkflowRun, arrow: Any) -> None:
    if not can_proceed(arrow):
        raise Conflict(f"{run} is {run.state}")


def _check_task(task: Task, arrow: Arrow) -> None:
    if task.state not in ends(arrow)[0]:
        raise Conflict(f"task {task.pk} is {task.state}")


def _cancel(run: WorkflowRun | None, tasks: Sequence[Task], *, by: str, reason: str) -> None:
    """Cancel what nobody executes; ask for the end of the rest."""
    attempts = _open_attempts(tasks)
    started = [task for task in tasks if task.pk in attempts and not _is_queued(attempts[task.pk])]
    asked = {task.pk for task in started}
    unstarted = [task for task in tasks if task.pk not in asked]
    now = timezone.now()
    move(run, unstarted, Task.cancel, by=by, reason=reason, note=reason, finished_at=now)
    for batch in batches([attempts[pk].pk for pk in attempts.keys() - asked]):
        TaskAttempt.objects.filter(pk__in=batch).update(
            outcome=Outcome.CANCELED, message=reason, finished_at=now
        )
    _request_cancel(run, started, by=by, reason=reason)
    failpoints.point("cancel.requested")
    elsewhere = [a.pk for task in started if not (a := attempts[task.pk]).backend.claims]
    if elsewhere:
        transaction.on_commit(lambda: ask_to_end(elsewhere, by=by))


def _open_attempts(tasks: Sequence[Task]) -> dict[int, TaskAttempt]:
    active = [task.pk for task in tasks if task.state in ACTIVE]
    return {
        attempt.task_id: attempt
        for batch in batches(active)
        for attempt in TaskAttempt.objects.open().filter(task__in=batch)
    }


def _is_queued(attempt: TaskAttempt) -> bool:
    """Say whether an attempt waits in the database, where nobody can start it under the lock."""
    return attempt.backend.claims and not attempt.is_claimed


def _request_cancel(
    run: WorkflowRun | None, tasks: Sequence[Task], *, by: str, reason: str
) -> None:
    asked = [task for task in tasks if not task.cancel_requested_at]
    now = timezone.now()
    for batch in batches(asked):
        Task.objects.filter(pk__in=[task.pk for task in batch]).update(
            cancel_requested_at=now, note=reason
        )
        Event.objects.bulk_create(
            Event(
                event_type=EventType.TASK_CANCEL_REQUESTED,
                run=run,
                task=task,
                actor=by,
                reason=reason,
            )
            for task in batch
        )
    for task in asked:
        task.cancel_requested_at = now

"""Cancels tasks: at once if they are not being executed, otherwise by asking their executors."""

from collections.abc import Sequence

from django.utils import timezone

from runners import transaction
from workflows.db import failpoints
from workflows.models import EventType, Task, TaskAttempt, WorkflowRun
from workflows.models.actor import Actor
from workflows.models.attempt import Outcome
from workflows.models.bounds import cut
from workflows.models.task import ACTIVE
from workflows.reports.polling import request_cancellation
from workflows.runs.chain import cover
from workflows.runs.events import record_each
from workflows.runs.transitions import batches, transition_tasks


def cancel_tasks(run: WorkflowRun | None, tasks: Sequence[Task], *, by: Actor, reason: str) -> None:
    """Cancel the tasks that are not being executed; ask the executors of the others to end them."""
    attempts = _open_attempts(tasks)
    started = [task for task in tasks if task.pk in attempts and not _is_queued(attempts[task.pk])]
    asked = {task.pk for task in started}
    unstarted = [task for task in tasks if task.pk not in asked]
    queued = {pk: attempt for pk, attempt in attempts.items() if pk not in asked}
    now = timezone.now()
    end = {"outcome": Outcome.CANCELED, "message": cut(reason), "finished_at": now}
    transition_tasks(
        run,
        unstarted,
        Task.cancel,
        by=by,
        reason=reason,
        at=now,
        payloads={pk: {"attempt_id": str(attempt.pk)} for pk, attempt in queued.items()},
        covers=dict.fromkeys(queued, cover(end)),
        note=reason,
        finished_at=now,
    )
    for batch in batches([attempt.pk for attempt in queued.values()]):
        TaskAttempt.objects.filter(pk__in=batch).update(**end)
    _request_cancel(run, started, by=by, reason=reason)
    failpoints.point("cancel.requested")
    elsewhere = [a.pk for task in started if not (a := attempts[task.pk]).backend.claims]
    if elsewhere:
        transaction.on_commit(lambda: request_cancellation(elsewhere, by=by), robust=True)


def _open_attempts(tasks: Sequence[Task]) -> dict[int, TaskAttempt]:
    active = [task.pk for task in tasks if task.state in ACTIVE]
    return {
        attempt.task_id: attempt
        for batch in batches(active)
        for attempt in TaskAttempt.objects.open().filter(task__in=batch)
    }


def _is_queued(attempt: TaskAttempt) -> bool:
    """Return True if an attempt waits in the database: it cannot start while the lock is held."""
    return attempt.backend.claims and not attempt.is_claimed


def _request_cancel(
    run: WorkflowRun | None, tasks: Sequence[Task], *, by: Actor, reason: str
) -> None:
    asked = [task for task in tasks if not task.cancel_requested_at]
    now = timezone.now()
    for batch in batches(asked):
        Task.objects.filter(pk__in=[task.pk for task in batch]).update(
            cancel_requested_at=now, note=reason
        )
        record_each(EventType.TASK_CANCEL_REQUESTED, run, batch, by=by, reason=reason, at=now)
    for task in asked:
        task.cancel_requested_at = now

"""What was dispatched reaches its runner: after the commit, or not at all."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from runners.base import RunnerError, RunnerUnavailable
from workflows.fleet import Fleet
from workflows.locks import lock_run
from workflows.models import Task, TaskAttempt, TaskState
from workflows.models.attempt import Outcome
from workflows.moves import move
from workflows.results import Dispatch
from workflows.rollup import roll_up


def submit(
    attempts: Sequence[TaskAttempt], fleet: Fleet, *, by: str
) -> dict[TaskAttempt, Dispatch]:
    """
    Hand committed attempts to their runners, outside any transaction; return those that went out.

    An attempt that its runner certainly did not start is closed, and its task is pending again.
    """
    sent: dict[TaskAttempt, Dispatch] = {}
    for attempt in filter(is_to_submit, attempts):
        runner = fleet.runners[attempt.runner_id]
        try:
            submission = runner.backend.submit(attempt.payload, runner.address)
        except RunnerError as exc:
            if isinstance(exc, RunnerUnavailable):
                fleet.refuse(runner, str(exc))
            else:
                fleet.decline(attempt.task, str(exc))
            _take_back(attempt, f"runner {runner} refused: {exc}", by=by)
        else:
            sent[attempt] = Dispatch.of(attempt, submission)
            attempt.submitted_at = timezone.now()
            attempt.save(update_fields=["submitted_at"])
    return sent


def is_to_submit(attempt: TaskAttempt) -> bool:
    """Say whether a runner must still be told of an attempt."""
    return not attempt.submitted_at and not attempt.outcome


@transaction.atomic
def _take_back(attempt: TaskAttempt, why: str, *, by: str) -> None:
    """Return a task to the queue, unless something else has happened to it meanwhile."""
    run = lock_run(attempt.task.run_id or 0)
    task = Task.objects.get(pk=attempt.task_id)
    closed = (
        TaskAttempt.objects.open()
        .filter(pk=attempt.pk)
        .update(outcome=Outcome.REFUSED, message=why, finished_at=timezone.now())
    )
    attempt.outcome = Outcome.REFUSED
    if closed and task.state == TaskState.DISPATCHED:
        if task.cancel_requested_at:  # meanwhile; it is not wanted back in the queue
            move(run, [task], Task.cancel, by=by, reason=why, finished_at=timezone.now())
        else:
            move(run, [task], Task.take_back, by=by, reason=why, note=why, dispatched_at=None)
        roll_up(run, by=by)
        run.save_progress()

"""What was dispatched reaches its runner: after the commit, or not at all."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from runners.base import RunnerError, RunnerUnavailable, Submission
from runners.models import Runner
from workflows.db import failpoints
from workflows.dispatch.leases import ASK_AFTER, CLAIMED_WITHIN, ON_ITS_WAY
from workflows.dispatch.result import Dispatch
from workflows.dispatch.runner_pool import RunnerPool
from workflows.dispatch.tokens import hash_of, token_of
from workflows.models import Task, TaskAttempt, TaskState
from workflows.models.actor import Actor
from workflows.models.attempt import Outcome
from workflows.payloads.secrets import masked, revealed, secrets_of
from workflows.runs.completion import close_run_if_finished
from workflows.runs.locks import lock_run
from workflows.runs.transitions import batches, save_progress, transition_tasks


def submit(
    attempts: Sequence[TaskAttempt], pool: RunnerPool, *, by: Actor
) -> dict[TaskAttempt, Dispatch]:
    """
    Hand committed attempts to their runners, outside any transaction; return those that went out.

    An attempt that its runner certainly did not start is closed, and its task is pending again.
    """
    sent: dict[TaskAttempt, Dispatch] = {}
    refused: dict[str, list[TaskAttempt]] = defaultdict(list)
    batch = list(filter(is_to_submit, attempts))
    for attempt in batch:
        _renew(attempt, batch, sent)
        runner = pool.runners[attempt.runner_id]
        # One that takes nothing is not called again for the rest of the batch.
        if pool.is_unavailable(runner) or not (said := _submit(attempt, runner, pool)):
            refused[pool.refusal_of(attempt.task) or ""].append(attempt)
        else:
            failpoints.point("submission.accepted")
            sent[attempt] = Dispatch.of(attempt, said)
            _note_submission(attempt, _expected_silence(attempt, runner))
            failpoints.point("submission.noted")
            _end_if_unwanted(attempt, runner)
    for why, group in refused.items():
        failpoints.point("submission.refused")
        _take_back(group, why, by=by)
    return sent


def _renew(
    attempt: TaskAttempt, batch: Sequence[TaskAttempt], sent: Collection[TaskAttempt]
) -> None:
    """Keep rescue from what is left of a batch while those whose turn it was take their time."""
    now = timezone.now()
    if attempt.lease_expires_at and attempt.lease_expires_at > now + ON_ITS_WAY / 2:
        return
    left = [attempt for attempt in batch if attempt not in sent]
    for some in batches(left):
        unstarted = TaskAttempt.objects.open().filter(started_at=None)
        ids = [attempt.pk for attempt in some]
        unstarted.filter(pk__in=ids).update(lease_expires_at=now + ON_ITS_WAY)
    for attempt in left:
        attempt.lease_expires_at = now + ON_ITS_WAY


def _submit(attempt: TaskAttempt, runner: Runner, pool: RunnerPool) -> Submission | None:
    """Call a runner; note with the fleet what it refuses."""
    token = token_of(attempt.pk)
    failpoints.point("submission.begins")
    try:
        return runner.backend.submit(revealed(attempt), runner.address, token=token)
    except RunnerUnavailable as exc:
        pool.refuse(runner, _without_secrets(exc, attempt))
    except RunnerError as exc:
        pool.decline(attempt.task, _without_secrets(exc, attempt))
    return None


def _without_secrets(refusal: RunnerError, attempt: TaskAttempt) -> str:
    """A runner that refuses may repeat what it was told."""
    return str(masked(str(refusal), secrets_of(attempt)))


def _expected_silence(attempt: TaskAttempt, runner: Runner) -> timedelta:
    if not runner.backend.claims:
        return ASK_AFTER
    # Twice as long each time: a queue that is long, not lost, is not filled with repetitions.
    return max(CLAIMED_WITHIN, timezone.now() - attempt.dispatched_at)


def _note_submission(attempt: TaskAttempt, silence: timedelta) -> None:
    attempt.submitted_at = timezone.now()
    # Not `save()`: the runner's first report may have been quicker than its answer, and then it
    # has set another lease.
    attempts = TaskAttempt.objects.filter(pk=attempt.pk)
    attempts.update(submitted_at=attempt.submitted_at, token_hash=hash_of(token_of(attempt.pk)))
    attempts.open().filter(lease_expires_at=attempt.lease_expires_at).update(
        lease_expires_at=attempt.submitted_at + silence
    )


def _end_if_unwanted(attempt: TaskAttempt, runner: Runner) -> None:
    """End what was canceled while it was being submitted, and so could not be ended then."""
    wanted = TaskAttempt.objects.open().filter(pk=attempt.pk, task__cancel_requested_at=None)
    if not wanted.exists():
        with suppress(RunnerError):
            runner.backend.cancel(attempt.payload, runner.address)


def is_to_submit(attempt: TaskAttempt) -> bool:
    """Say whether a runner must still be told of an attempt."""
    return not attempt.submitted_at and not attempt.outcome


def _take_back(attempts: Sequence[TaskAttempt], why: str, *, by: Actor) -> None:
    by_run: dict[int, list[TaskAttempt]] = defaultdict(list)
    for attempt in attempts:
        by_run[attempt.task.run_id or 0].append(attempt)
    for run_id, group in by_run.items():
        _take_back_in(run_id, group, why, by=by)


@transaction.atomic
def _take_back_in(run_id: int, attempts: Sequence[TaskAttempt], why: str, *, by: Actor) -> None:
    """Return tasks to the queue, unless something else has happened to them meanwhile."""
    run = lock_run(run_id)
    # What has been started goes on: the runner had it, and only its answer was lost.
    ids = [attempt.pk for attempt in attempts]
    unstarted = TaskAttempt.objects.open().filter(pk__in=ids, started_at=None)
    tasks = list(Task.objects.filter(attempts__in=unstarted, state=TaskState.DISPATCHED))
    unstarted.update(outcome=Outcome.REFUSED, message=why, finished_at=timezone.now())
    for attempt in attempts:
        attempt.outcome = Outcome.REFUSED
    unwanted = [task for task in tasks if task.cancel_requested_at]  # meanwhile
    wanted = [task for task in tasks if not task.cancel_requested_at]
    transition_tasks(run, unwanted, Task.cancel, by=by, reason=why, finished_at=timezone.now())
    note = f"{why} (last tried {timezone.now():%H:%M} UTC)"
    transition_tasks(run, wanted, Task.take_back, by=by, reason=why, note=note, dispatched_at=None)
    failpoints.point("submission.taken_back")
    close_run_if_finished(run, by=by)
    save_progress(run)

"""Submits dispatched attempts to their runners, after the commit of their dispatch."""

import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from django.db.models.expressions import Combinable
from django.utils import timezone

from runners import transaction
from runners.base import ForeignAnswer, RunnerError, RunnerUnavailable, Submission
from runners.models import Runner
from workflows.db import failpoints
from workflows.db.clock import database_now
from workflows.dispatch.leases import (
    CLAIM_WITHIN,
    POLL_AFTER,
    SUBMIT_WITHIN,
    extend_submission_leases,
    host_lease,
)
from workflows.dispatch.result import Dispatch
from workflows.dispatch.runner_pool import RunnerPool
from workflows.dispatch.tokens import hash_of, token_of
from workflows.models import EventType, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.actor import Actor
from workflows.models.attempt import Outcome, by_run
from workflows.models.bounds import LONGEST_REASON, cut
from workflows.payloads.secrets import SecretsUnreadable, masked, revealed, secrets_of
from workflows.runs.bulkhead import run_alone
from workflows.runs.chain import cover
from workflows.runs.completion import close_run_if_finished
from workflows.runs.events import record_counted
from workflows.runs.locks import lock_run
from workflows.runs.transitions import save_progress, transition_tasks

SLOW_REFUSAL_S = 1.0
"""A runner that takes longer to decline one task is offered no more, and rests."""


def submit(
    attempts: Sequence[TaskAttempt], pool: RunnerPool, *, by: Actor
) -> dict[TaskAttempt, Dispatch]:
    """
    Submit committed attempts to their runners; return those that were accepted.

    Call it outside any transaction. If a runner certainly did not start an attempt, the attempt is
    closed and its task is pending again.
    """
    sent: dict[TaskAttempt, Dispatch] = {}
    refused: dict[str, list[TaskAttempt]] = defaultdict(list)
    batch = list(filter(is_to_submit, attempts))
    for attempt in batch:
        if _expires_soon(attempt):
            extend_submission_leases([each for each in batch if each not in sent])
        submit_it = partial(_submit_one, attempt, pool)
        dispatch = run_alone(attempt.run_id, f"the submission of task {attempt.task_id}", submit_it)
        if dispatch is None:  # nobody knows whether it arrived: recovery looks after it
            continue
        if dispatch:
            sent[attempt] = dispatch
        else:
            refused[pool.refusal_of(attempt.task) or ""].append(attempt)
    for reason, group in refused.items():
        failpoints.point("submission.refused")
        _take_back(group, reason, by=by)
    return sent


def is_to_submit(attempt: TaskAttempt) -> bool:
    """Return True if an attempt must still be submitted to its runner."""
    return not attempt.submitted_at and not attempt.outcome


def _expires_soon(attempt: TaskAttempt) -> bool:
    """Return True if earlier submissions of the batch took half of the time there was."""
    # By this process's clock, as the estimate in the object; without one, the lease is unknown.
    in_time = timezone.now() + SUBMIT_WITHIN / 2
    return not attempt.lease_expires_at or attempt.lease_expires_at <= in_time


def _submit_one(attempt: TaskAttempt, pool: RunnerPool) -> Dispatch | Literal[False]:
    """Submit an attempt and note that; False if its runner refuses."""
    runner = pool.runners[attempt.runner_id]
    # A runner that takes nothing is not called again for the rest of the batch.
    if pool.is_unavailable(runner) or not (submission := _call_runner(attempt, runner, pool)):
        return False
    failpoints.point("submission.accepted")
    dispatch = Dispatch.of(attempt, submission)
    _note_submission(attempt, runner)
    failpoints.point("submission.noted")
    _cancel_if_unwanted(attempt, runner)
    return dispatch


def _call_runner(attempt: TaskAttempt, runner: Runner, pool: RunnerPool) -> Submission | None:
    """Call a runner; note in the pool if it refuses."""
    token = token_of(attempt.pk)
    failpoints.point("submission.started")
    begun = time.monotonic()
    try:
        answer = runner.backend.submit(revealed(attempt), runner.address, token=token)
        return _without_secrets_in(answer, attempt)
    except ForeignAnswer as exc:
        record_foreign_answer(attempt, exc)
        pool.decline(attempt.task, without_secrets(exc, attempt))
    except RunnerUnavailable as exc:
        pool.refuse(runner, without_secrets(exc, attempt))
    except RunnerError as exc:
        # A busy host says so at once, and gets the task with the next report. Slow refusals would
        # hold up the executor as silence does.
        if time.monotonic() - begun > SLOW_REFUSAL_S:
            pool.refuse(runner, without_secrets(exc, attempt))
        else:
            pool.decline(attempt.task, without_secrets(exc, attempt))
    return None


def record_foreign_answer(attempt: TaskAttempt, answer: ForeignAnswer) -> None:
    """Record that a host was asked about an attempt and has answered about another one."""
    by = Actor(name=f"runner {attempt.runner_name}")
    reason = without_secrets(answer, attempt)
    record_counted(EventType.TASK_REPORT_REFUSED, task_id=attempt.task_id, reason=reason, by=by)


def without_secrets(refusal: RunnerError, attempt: TaskAttempt) -> str:
    """Mask the secrets in a refusal, which may quote what was submitted; then cut it."""
    if isinstance(refusal, SecretsUnreadable):
        return str(refusal)
    return cut(str(masked(str(refusal), secrets_of(attempt))), most=LONGEST_REASON)


def _without_secrets_in(answer: Submission, attempt: TaskAttempt) -> Submission:
    texts = masked([answer.runner_task_status, answer.message], secrets_of(attempt))
    status, message = (cut(text, most=LONGEST_REASON) for text in texts)
    return replace(answer, runner_task_status=status, message=message)


def _note_submission(attempt: TaskAttempt, runner: Runner) -> None:
    attempt.submitted_at = timezone.now()
    TaskAttempt.objects.filter(pk=attempt.pk).update(
        submitted_at=attempt.submitted_at, token_hash=hash_of(token_of(attempt.pk))
    )
    # The start may have been reported before the runner's answer, and has set another lease.
    unstarted = TaskAttempt.objects.open().filter(pk=attempt.pk, started_at=None)
    unstarted.update(**_lease_after_submission(attempt, runner))
    runner.note_available()
    if runner.backend.calls_back:
        runner.note_first("first_submitted_at")


def _lease_after_submission(attempt: TaskAttempt, runner: Runner) -> dict[str, Combinable]:
    if not runner.backend.claims:
        return host_lease(attempt, POLL_AFTER, starts=True)
    # Twice as long each time: a queue that is long, not lost, is not filled with repetitions.
    lease = max(CLAIM_WITHIN, timezone.now() - attempt.dispatched_at)
    return {"lease_expires_at": database_now(plus=lease)}


def _cancel_if_unwanted(attempt: TaskAttempt, runner: Runner) -> None:
    """Cancel an attempt on its runner if its cancellation was requested during the submission."""
    wanted = TaskAttempt.objects.open().filter(pk=attempt.pk, task__cancel_requested_at=None)
    if not wanted.exists():
        with suppress(RunnerError):
            runner.backend.cancel(attempt.payload, runner.address)


def _take_back(attempts: Sequence[TaskAttempt], reason: str, *, by: Actor) -> None:
    for run_id, group in by_run(attempts).items():
        take_back = partial(_take_back_in_run, run_id, group, reason, by=by)
        run_alone(run_id, "taking back what its runner refused", take_back)


@transaction.atomic
def _take_back_in_run(
    run_id: int, attempts: Sequence[TaskAttempt], reason: str, *, by: Actor
) -> None:
    """Close refused attempts; their tasks are pending again, or canceled if that was requested."""
    run = lock_run(run_id)
    # An attempt that has started continues: the runner took it, and only its answer was lost.
    ids = [attempt.pk for attempt in attempts]
    unstarted = TaskAttempt.objects.open().filter(pk__in=ids, started_at=None)
    tasks = list(Task.objects.filter(attempts__in=unstarted, state=TaskState.DISPATCHED))
    now = timezone.now()
    end = {"outcome": Outcome.REFUSED, "message": cut(reason), "finished_at": now}
    unstarted.update(**end)
    for attempt in attempts:
        attempt.outcome = Outcome.REFUSED
    _release_tasks(
        run,
        tasks,
        note=f"{reason} (last tried {now:%H:%M} UTC)",
        by=by,
        reason=reason,
        at=now,
        payloads={each.task_id: {"attempt_id": str(each.pk)} for each in attempts},
        covers=dict.fromkeys((each.task_id for each in attempts), cover(end)),
    )
    failpoints.point("submission.taken_back")
    close_run_if_finished(run, by=by)
    save_progress(run)


def _release_tasks(run: WorkflowRun, tasks: Sequence[Task], *, note: str, **events: Any) -> None:
    canceled = [task for task in tasks if task.cancel_requested_at]
    pending = [task for task in tasks if not task.cancel_requested_at]
    transition_tasks(run, canceled, Task.cancel, **events, finished_at=events["at"])
    transition_tasks(run, pending, Task.take_back, **events, note=note, dispatched_at=None)

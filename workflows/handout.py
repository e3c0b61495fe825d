"""Ready tasks become dispatched, each with its attempt."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from runners.base import LONGEST_TIMEOUT_S, TaskPayload
from runners.models import Runner
from workflows.fleet import Fleet
from workflows.models import RunState, Task, TaskAttempt, WorkflowRun
from workflows.models.attempt import Outcome
from workflows.models.run import DISPATCHABLE
from workflows.moves import batches, move
from workflows.payloads import UnknownName, fill_in
from workflows.tokens import hash_of, token_of

SUBMITTED_WITHIN = timedelta(seconds=30)
"""A dispatch that has not been submitted by then never will be: its process is gone."""


def hand_out(run: WorkflowRun, limit: int | None, fleet: Fleet, *, by: str) -> list[TaskAttempt]:
    """Move the first ready tasks to dispatched, each with its attempt: the outbox of submit()."""
    if run.state not in DISPATCHABLE:
        return []
    tasks = _choose(run, limit, fleet)
    if not tasks:
        return []
    if run.state == RunState.CREATED:
        run.start(by=by)
    attempts = _attempts(run, tasks, fleet)
    move(
        run,
        tasks,
        Task.dispatch,
        by=by,
        payloads={a.task_id: {"attempt_id": str(a.pk), "runner": a.runner_name} for a in attempts},
        dispatched_at=timezone.now(),
        attempt_count=F("attempt_count") + 1,
        **CLEARED,
    )
    for batch in batches(attempts):
        TaskAttempt.objects.bulk_create(batch)
    _fail_what_cannot_be_filled_in(run, attempts, by=by)
    return attempts


def _choose(run: WorkflowRun, limit: int | None, fleet: Fleet) -> list[Task]:
    """Return the first ready tasks that can go out; one statement more for each full runner."""
    chosen: list[Task] = []
    while limit is None or len(chosen) < limit:
        room = None if limit is None else limit - len(chosen)
        left = Task.objects.ready().filter(fleet.willing(), run=run)
        tasks = list(left.exclude(pk__in=[task.pk for task in chosen])[:room])
        admitted = fleet.admit(tasks)
        chosen += admitted
        if len(admitted) == len(tasks):
            break
    return sorted(chosen, key=lambda task: task.position)


CLEARED: dict[str, Any] = {
    "note": "",
    "cancel_requested_at": None,
    "started_at": None,
    "finished_at": None,
}
"""What a task forgets when it begins anew; its attempts and the trail remember."""


def _attempts(run: WorkflowRun, tasks: Sequence[Task], fleet: Fleet) -> list[TaskAttempt]:
    payloads = fill_in(run, tasks)
    return [_attempt(task, payloads[task.pk], fleet.runner_of(task)) for task in tasks]


def _attempt(task: Task, payload: dict[str, Any] | UnknownName, runner: Runner) -> TaskAttempt:
    attempt = TaskAttempt(
        task=task,
        number=task.attempt_count + 1,
        runner=runner,
        runner_name=runner.name,
        runner_kind=runner.kind,
        payload=task.payload,
        timeout_seconds=task.timeout_seconds or LONGEST_TIMEOUT_S,
    )
    if isinstance(payload, UnknownName):
        attempt.outcome, attempt.message = Outcome.FAILED, str(payload)
        attempt.finished_at = attempt.dispatched_at
        return attempt
    attempt.payload = runner.backend.wire(
        TaskPayload(
            task_id=task.pk,
            run_id=task.run_id or 0,
            attempt_id=str(attempt.pk),
            title=task.title,
            payload=payload,
            timeout_seconds=attempt.timeout_seconds,
        )
    )
    if runner.backend.pulls:
        attempt.submitted_at = attempt.dispatched_at
    else:
        attempt.lease_expires_at = attempt.dispatched_at + SUBMITTED_WITHIN
    if not runner.backend.claims:
        attempt.token_hash = hash_of(token_of(attempt.pk))
    return attempt


def _fail_what_cannot_be_filled_in(
    run: WorkflowRun, attempts: Sequence[TaskAttempt], *, by: str
) -> None:
    broken = {attempt.task: attempt for attempt in attempts if attempt.outcome}
    if broken:
        reasons = {task.pk: {"message": attempt.message} for task, attempt in broken.items()}
        move(run, list(broken), Task.fail, by=by, payloads=reasons, finished_at=timezone.now())

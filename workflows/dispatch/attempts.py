"""Dispatches ready tasks in the database: each becomes dispatched and gets a new attempt."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone

from runners.base import LONGEST_TIMEOUT_S, RunnerBackend, TaskPayload, storable
from runners.models import Runner
from workflows.db.inserts import insert
from workflows.db.statements import Sql, columns_of, read
from workflows.dispatch.claims import NO_CLAIM, Claimed, ClaimRequest, claim_unsaved
from workflows.dispatch.leases import SUBMIT_WITHIN, patience
from workflows.dispatch.runner_pool import RunnerPool
from workflows.dispatch.tokens import hash_of, token_of
from workflows.models import EventType, RunState, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.actor import Actor
from workflows.models.attempt import Outcome
from workflows.models.bounds import cut
from workflows.models.run import DISPATCHABLE
from workflows.models.task import CLEARED
from workflows.payloads.rendering import UnknownName, render_payloads
from workflows.runs.chain import cover_of
from workflows.runs.events import Transition, event_of
from workflows.runs.transitions import (
    Payloads,
    RecordedTransition,
    batches,
    transition_tasks,
    transition_tasks_along,
)

READY = f"""
    SELECT {columns_of(Task)} FROM {Task._meta.db_table}
     WHERE run_id = %(run)s AND state = '{TaskState.PENDING}' AND unmet_count = 0
       AND COALESCE(runner_id, %(default)s) <> ALL(%(unwilling)s::bigint[])
       AND id <> ALL(%(left_out)s::bigint[])
     ORDER BY position LIMIT %(limit)s
"""
NO_LIMIT = 2**62
READY_ONE = READY.replace(" ORDER BY", " AND id = %(task)s ORDER BY")

logger = logging.getLogger(__name__)


class Created(NamedTuple):
    """The attempts of newly dispatched tasks, and those of them that an executor has claimed."""

    attempts: Sequence[TaskAttempt] = ()
    claimed: Claimed = Claimed()


def create_attempts(
    run: WorkflowRun,
    limit: int | None,
    pool: RunnerPool,
    *,
    by: Actor,
    request: ClaimRequest = NO_CLAIM,
    task_id: int | None = None,
) -> Created:
    """
    Move the first ready tasks to dispatched, each with its attempt.

    `submit` hands the attempts to their runners once they are committed.

    :param request: what an executor claims of them in the same transaction.
    :param task_id: the only task that may be moved, wherever it stands.
    """
    if run.state not in DISPATCHABLE:
        return Created()
    tasks = _choose(run, limit, pool, task_id)
    if not tasks:
        return Created()
    if run.state == RunState.CREATED:
        run.start(by=by)
    attempts = _build_attempts(run, tasks, pool)
    now = timezone.now()
    claimed = claim_unsaved(attempts, request, now)
    not_started = [attempt for attempt in attempts if not attempt.started_at]
    _transition(run, not_started, Task.dispatch, by=by, dispatched_at=now)
    path = [Task.dispatch, Task.start]
    _transition(run, claimed.started, *path, by=request.by, dispatched_at=now, started_at=now)
    for batch in batches(attempts):
        insert(batch, shifted=["lease_expires_at", "times_out_at"])
    _fail_unrendered_tasks(run, attempts, by=by)
    return Created(attempts, claimed)


def _transition(
    run: WorkflowRun,
    attempts: Sequence[TaskAttempt],
    *path: Transition,
    by: Actor,
    **moments: datetime,
) -> None:
    if not attempts:
        return
    payloads = {a.task_id: {"attempt_id": str(a.pk), "runner": a.runner_name} for a in attempts}
    transition_tasks_along(
        run,
        [attempt.task for attempt in attempts],
        [_recorded(transition, payloads, attempts) for transition in path],
        by=by,
        at=moments["dispatched_at"],
        attempt_count=Sql("attempt_count + 1"),
        **{**CLEARED, **moments},
    )
    for attempt in attempts:
        attempt.task.attempt_count += 1


def _recorded(
    transition: Transition, payloads: Payloads, attempts: Sequence[TaskAttempt]
) -> RecordedTransition:
    event_type = event_of(transition)
    covers = {attempt.task_id: cover_of(event_type, attempt) for attempt in attempts}
    return RecordedTransition(transition, payloads, covers=covers)


def _choose(
    run: WorkflowRun, limit: int | None, pool: RunnerPool, task_id: int | None
) -> list[Task]:
    """Return the first ready tasks whose runners have a free place, up to the limit."""
    chosen: list[Task] = []
    while limit is None or len(chosen) < limit:
        most = NO_LIMIT if limit is None else limit - len(chosen)
        tasks = _ready(run, most, pool, chosen, task_id)
        admitted = pool.admit(tasks)  # notes full runners, so that the next query skips their tasks
        chosen += admitted
        if len(admitted) == len(tasks):
            break
    return sorted(chosen, key=lambda task: task.position)


def _ready(
    run: WorkflowRun,
    limit: int,
    pool: RunnerPool,
    chosen: Sequence[Task],
    task_id: int | None,
) -> list[Task]:
    tasks = read(
        Task,
        READY if task_id is None else READY_ONE,
        run=run.pk,
        default=pool.default_key,
        unwilling=pool.unwilling,
        left_out=[*pool.declined, *(task.pk for task in chosen)],
        limit=limit,
        **({} if task_id is None else {"task": task_id}),
    )
    for task in tasks:
        task.run = run
    return tasks


def _build_attempts(run: WorkflowRun, tasks: Sequence[Task], pool: RunnerPool) -> list[TaskAttempt]:
    payloads = render_payloads(run, tasks)
    return [_build_attempt(task, payloads[task.pk], pool.runner_of(task)) for task in tasks]


def _build_attempt(
    task: Task, payload: dict[str, Any] | UnknownName, runner: Runner
) -> TaskAttempt:
    attempt = TaskAttempt(
        task=task,
        number=task.attempt_count + 1,
        runner=runner,
        runner_name=runner.name,
        runner_kind=runner.kind,
        payload=task.payload,
        timeout_seconds=task.timeout_seconds or LONGEST_TIMEOUT_S,
    )
    wired = _wired(attempt, payload, runner)
    if isinstance(wired, UnknownName):
        _end_unrendered(attempt, wired)
    else:
        attempt.payload = wired
        _prepare_submission(attempt, runner.backend)
    return attempt


def _wired(
    attempt: TaskAttempt, payload: dict[str, Any] | UnknownName, runner: Runner
) -> dict[str, Any] | UnknownName:
    """Return what the runner is given, or why it cannot be: the task alone fails then."""
    if isinstance(payload, UnknownName):
        return payload
    try:
        return runner.backend.wire(_task_payload(attempt, payload))
    except Exception as exc:
        logger.exception(
            "The payload of task %s could not be made for its runner.", attempt.task_id
        )
        return UnknownName(f"payload: runner {runner.name} cannot be given it: {exc!r}")


def _end_unrendered(attempt: TaskAttempt, error: UnknownName) -> None:
    attempt.outcome, attempt.message = Outcome.FAILED, cut(storable(str(error)))
    attempt.finished_at = attempt.dispatched_at


def _task_payload(attempt: TaskAttempt, payload: dict[str, Any]) -> TaskPayload:
    return TaskPayload(
        task_id=attempt.task_id,
        run_id=attempt.run_id,
        attempt_id=str(attempt.pk),
        title=attempt.task.title,
        payload=payload,
        timeout_seconds=attempt.timeout_seconds,
    )


def _prepare_submission(attempt: TaskAttempt, backend: RunnerBackend) -> None:
    # Moments by this process's clock, which the INSERT shifts to the database's.
    now = timezone.now()
    if backend.pulls:
        attempt.submitted_at = attempt.dispatched_at
    else:
        attempt.lease_expires_at = now + SUBMIT_WITHIN
    if not backend.claims:
        attempt.token_hash = hash_of(token_of(attempt.pk))
        attempt.times_out_at = now + patience(attempt)


def _fail_unrendered_tasks(run: WorkflowRun, attempts: Sequence[TaskAttempt], *, by: Actor) -> None:
    unrendered = [attempt for attempt in attempts if attempt.outcome]
    if unrendered:
        transition_tasks(
            run,
            [attempt.task for attempt in unrendered],
            Task.fail,
            by=by,
            at=(now := timezone.now()),
            payloads={
                a.task_id: {"attempt_id": str(a.pk), "message": a.message} for a in unrendered
            },
            covers={a.task_id: cover_of(EventType.TASK_FAILED, a) for a in unrendered},
            finished_at=now,
        )

"""Ready tasks become dispatched, each with its attempt."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from runners.base import LONGEST_TIMEOUT_S, TaskPayload
from runners.models import Runner
from workflows.db.inserts import insert
from workflows.db.statements import Sql, columns_of, read
from workflows.dispatch.claims import Take
from workflows.dispatch.leases import SUBMITTED_WITHIN
from workflows.dispatch.runner_pool import RunnerPool
from workflows.dispatch.tokens import hash_of, token_of
from workflows.models import RunState, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.actor import Actor
from workflows.models.attempt import Outcome
from workflows.models.run import DISPATCHABLE
from workflows.models.task import CLEARED
from workflows.payloads.rendering import UnknownName, render_payloads
from workflows.runs.transitions import (
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


def create_attempts(
    run: WorkflowRun, limit: int | None, pool: RunnerPool, *, by: Actor, take: Take | None = None
) -> list[TaskAttempt]:
    """
    Move the first ready tasks to dispatched, each with its attempt: the outbox of submit().

    :param take: who starts some of them on the spot.
    """
    if run.state not in DISPATCHABLE:
        return []
    tasks = _choose(run, limit, pool)
    if not tasks:
        return []
    if run.state == RunState.CREATED:
        run.start(by=by)
    attempts = _attempts(run, tasks, pool)
    now = timezone.now()
    for attempt in attempts:
        if take and take.wants(attempt):
            take.take(attempt, now)
    _dispatch(run, [a for a in attempts if not a.started_at], now, by=by)
    _dispatch(run, [a for a in attempts if a.started_at], now, by=take.by if take else by)
    for batch in batches(attempts):
        insert(batch)
    _fail_what_cannot_be_filled_in(run, attempts, by=by)
    return attempts


def _dispatch(
    run: WorkflowRun, attempts: Sequence[TaskAttempt], now: datetime, *, by: Actor
) -> None:
    if not attempts:
        return
    payloads = {a.task_id: {"attempt_id": str(a.pk), "runner": a.runner_name} for a in attempts}
    transitions = [Task.dispatch, Task.start] if attempts[0].started_at else [Task.dispatch]
    transition_tasks_along(
        run,
        [attempt.task for attempt in attempts],
        [RecordedTransition(transition, payloads) for transition in transitions],
        by=by,
        dispatched_at=now,
        attempt_count=Sql("attempt_count + 1"),
        **{**CLEARED, "started_at": attempts[0].started_at},
    )
    for attempt in attempts:
        attempt.task.attempt_count += 1


def _choose(run: WorkflowRun, limit: int | None, pool: RunnerPool) -> list[Task]:
    """Return the first ready tasks that can go out; one statement more for each full runner."""
    chosen: list[Task] = []
    while limit is None or len(chosen) < limit:
        tasks = _ready(run, NO_LIMIT if limit is None else limit - len(chosen), pool, chosen)
        admitted = pool.admit(tasks)
        chosen += admitted
        if len(admitted) == len(tasks):
            break
    return sorted(chosen, key=lambda task: task.position)


def _ready(run: WorkflowRun, limit: int, pool: RunnerPool, chosen: Sequence[Task]) -> list[Task]:
    tasks = read(
        Task,
        READY,
        run=run.pk,
        default=pool.default_key,
        unwilling=pool.unwilling,
        left_out=[*pool.declined, *(task.pk for task in chosen)],
        limit=limit,
    )
    for task in tasks:
        task.run = run
    return tasks


def _attempts(run: WorkflowRun, tasks: Sequence[Task], pool: RunnerPool) -> list[TaskAttempt]:
    payloads = render_payloads(run, tasks)
    return [_attempt(task, payloads[task.pk], pool.runner_of(task)) for task in tasks]


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
    run: WorkflowRun, attempts: Sequence[TaskAttempt], *, by: Actor
) -> None:
    broken = {attempt.task: attempt for attempt in attempts if attempt.outcome}
    if broken:
        reasons = {task.pk: {"message": attempt.message} for task, attempt in broken.items()}
        transition_tasks(
            run, list(broken), Task.fail, by=by, payloads=reasons, finished_at=timezone.now()
        )

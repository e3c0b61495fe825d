"""Attempts are claimed for execution, each by one executor."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from runners.kinds import backend_of, kinds_served_locally, pulling_kinds
from workflows.db import failpoints
from workflows.db.statements import columns_of, execute, pipeline, read, select
from workflows.dispatch.runner_pool import RunnerPool
from workflows.models import Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.locks import lock_run
from workflows.runs.transitions import TaskLike, batches, save_progress, transition_tasks


@dataclass(slots=True)
class Take:
    """What an executor takes at once, in the transaction that hands it out."""

    room: int
    """Free slots: so many attempts are started."""
    ahead: int
    """So many more are claimed, and begin once a slot is free."""
    lease: timedelta
    by: Actor
    taken: list[TaskAttempt] = field(default_factory=list)

    @property
    def left(self) -> int:
        """How many more it takes."""
        return self.room + self.ahead - len(self.taken)

    def wants(self, attempt: TaskAttempt) -> bool:
        """Say whether an attempt is for local executors, and there is room for it."""
        mine = backend_of(attempt.runner_kind).served_locally and not attempt.outcome
        return mine and self.left > 0

    def take(self, attempt: TaskAttempt, now: datetime) -> None:
        """Claim an attempt, and start it if a slot is free."""
        attempt.lease_expires_at = now + self.lease
        if len(self.taken) < self.room:
            attempt.started_at = now
        self.taken.append(attempt)


ATTEMPT = TaskAttempt._meta.db_table

# Of an attempt that nobody has started, and that its task has not outlived.
WAITING = f"""
    SELECT {columns_of(TaskAttempt, "attempt")}
      FROM {ATTEMPT} attempt JOIN {Task._meta.db_table} task ON task.id = attempt.task_id
     WHERE attempt.outcome = '' AND attempt.started_at IS NULL AND task.run_id = %(run)s
       AND task.state = '{TaskState.DISPATCHED}' AND task.attempt_count = attempt.number
"""
WAITING_AMONG = f"{WAITING} AND attempt.id = ANY(%(attempts)s::uuid[])"
# Another executor may have claimed one since it was seen, and not begun it yet. Where attempts are
# submitted, not pulled, the lease is the submission's.
UNCLAIMED_AMONG = f"""
    {WAITING_AMONG}
       AND (attempt.lease_expires_at IS NULL OR attempt.runner_kind <> ALL(%(pulling)s::text[]))
"""
# From the dispatched tasks of the run, in order, each to its attempt, until there are enough. In
# this form no planner can begin with all attempts that wait in all runs; the columns of their index
# are hidden from it.
FIRST_WAITING = f"""
    SELECT found.id FROM (
        SELECT (SELECT attempt.id FROM {ATTEMPT} attempt
                 WHERE attempt.task_id = task.id AND attempt.number = task.attempt_count
                   AND COALESCE(attempt.outcome, '') = ''
                   AND COALESCE(attempt.runner_kind, '') = ANY(%(local_kinds)s::text[])
                   AND COALESCE(attempt.started_at, attempt.lease_expires_at) IS NULL) AS id
          FROM {Task._meta.db_table} task
         WHERE task.run_id = %(run)s AND task.state = '{TaskState.DISPATCHED}'
         ORDER BY task.position
    ) AS found WHERE found.id IS NOT NULL LIMIT %(room)s
"""
WRITE_STARTS = f"""
    UPDATE {ATTEMPT} SET started_at = %(now)s, lease_expires_at = %(lease_expires_at)s
     WHERE id = ANY(%(attempts)s::uuid[])
"""
WRITE_CLAIMS = f"""
    UPDATE {ATTEMPT} SET lease_expires_at = %(lease_expires_at)s
     WHERE id = ANY(%(attempts)s::uuid[])
"""
# What was canceled meanwhile stays: its executor is asked to end it.
GIVE_BACK = f"""
    UPDATE {ATTEMPT} SET lease_expires_at = NULL
     WHERE id = ANY(%(attempts)s::uuid[]) AND outcome = '' AND started_at IS NULL
       AND task_id IN (SELECT id FROM {Task._meta.db_table}
                        WHERE run_id = %(run)s AND cancel_requested_at IS NULL)
    RETURNING id
"""


def start_attempts(
    run_id: int,
    attempt_ids: Sequence[UUID],
    *,
    lease: timedelta,
    by: Actor,
    are_claimed: bool = False,
) -> list[TaskAttempt]:
    """
    Start attempts that the caller executes; return those that nobody else has claimed.

    :param lease: how long the claim holds unless it is renewed.
    :param are_claimed: the caller has claimed them before.
    """
    with transaction.atomic(), pipeline():
        run = lock_run(run_id)
        ids = [attempt_id.hex for attempt_id in attempt_ids]
        pool = RunnerPool()
        if are_claimed:
            waiting = _waiting(WAITING_AMONG, run, pool, attempts=ids)
        else:
            waiting = _waiting(UNCLAIMED_AMONG, run, pool, attempts=ids, pulling=pulling_kinds())
        _start(run, waiting, lease=lease, by=by)
        failpoints.point("start.claimed")
        save_progress(run)
    failpoints.point("start.committed")
    return waiting


def start_waiting(run_id: int, take: Take) -> None:
    """Take what local attempts of a run wait, in a transaction of its own."""
    with transaction.atomic(), pipeline():
        run = lock_run(run_id)
        take_waiting(run, take, RunnerPool())
        if take.taken:
            failpoints.point("start.claimed")
            save_progress(run)
    failpoints.point("start.committed")


def take_waiting(run: WorkflowRun, take: Take, pool: RunnerPool) -> None:
    """Take what was handed out earlier, in the run's order. The caller holds the run's lock."""
    kinds = kinds_served_locally()
    found = select(FIRST_WAITING, run=run.pk, local_kinds=kinds, room=take.left)
    first = [UUID(str(pk)).hex for (pk,) in found]
    waiting = _waiting(WAITING_AMONG, run, pool, attempts=first) if first else []
    waiting.sort(key=lambda attempt: attempt.dispatched_at)
    _start(run, waiting[: take.room], lease=take.lease, by=take.by)
    if ahead := waiting[take.room :]:
        expires = timezone.now() + take.lease
        execute(WRITE_CLAIMS, attempts=[a.pk.hex for a in ahead], lease_expires_at=expires)
        for attempt in ahead:
            attempt.lease_expires_at = expires
    take.taken += waiting


def give_back(run_id: int, attempt_ids: Sequence[UUID]) -> set[UUID]:
    """Give up claims of what has not begun; return those that anybody may claim again."""
    with transaction.atomic():
        lock_run(run_id)
        ids = [attempt_id.hex for attempt_id in attempt_ids]
        return {UUID(str(pk)) for (pk,) in select(GIVE_BACK, run=run_id, attempts=ids)}


def begin(
    run: WorkflowRun,
    tasks: Sequence[TaskLike],
    attempt_ids: Sequence[UUID],
    *,
    lease: timedelta | None,
    by: Actor,
) -> None:
    """Take over that tasks have started, each by the attempt at the same place of the list."""
    now = timezone.now()
    told = zip(tasks, attempt_ids, strict=True)
    payloads = {task.pk: {"attempt_id": str(attempt_id)} for task, attempt_id in told}
    transition_tasks(run, tasks, Task.start, by=by, payloads=payloads, started_at=now)
    for batch in batches([attempt_id.hex for attempt_id in attempt_ids]):
        expires = now + lease if lease else None
        execute(WRITE_STARTS, attempts=batch, now=now, lease_expires_at=expires)


def _waiting(statement: str, run: WorkflowRun, pool: RunnerPool, **which: Any) -> list[TaskAttempt]:
    attempts = read(TaskAttempt, statement, run=run.pk, **which)
    for attempt in attempts:
        attempt.runner = pool.runners.get(attempt.runner_id)
        attempt.task = Task(pk=attempt.task_id, run=run, state=TaskState.DISPATCHED)
    return attempts


def _start(
    run: WorkflowRun, attempts: Sequence[TaskAttempt], *, lease: timedelta, by: Actor
) -> None:
    if attempts:
        tasks = [attempt.task for attempt in attempts]
        begin(run, tasks, [attempt.pk for attempt in attempts], lease=lease, by=by)
        for attempt in attempts:
            attempt.started_at = timezone.now()

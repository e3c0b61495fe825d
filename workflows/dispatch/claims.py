"""
Claims: an executor reserves attempts for itself, so that each is executed by one executor only.

Those that it has a free slot for are started at once. A few more may be prefetched: claimed, and
started later, without asking again, when a slot is free.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from runners import transaction
from runners.kinds import kinds_served_locally, pulling_kinds
from workflows.db import failpoints
from workflows.db.clock import SHIFT
from workflows.db.statements import columns_of, execute, pipeline, read, select
from workflows.dispatch.runner_pool import RunnerPool
from workflows.models import Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.actor import NOBODY, Actor
from workflows.runs.chain import cover
from workflows.runs.locks import lock_run
from workflows.runs.transitions import TaskLike, batches, save_progress, transition_tasks


@dataclass(frozen=True, slots=True)
class Claimed:
    """The attempts that one claim has won."""

    started: Sequence[TaskAttempt] = ()
    prefetched: Sequence[TaskAttempt] = ()

    def __add__(self, other: "Claimed") -> "Claimed":
        """Return the attempts of both claims."""
        return Claimed([*self.started, *other.started], [*self.prefetched, *other.prefetched])

    def __bool__(self) -> bool:
        """Return True if any attempt was claimed."""
        return bool(self.started or self.prefetched)


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """What an executor can use now, and under which lease."""

    slots: int
    """How many attempts it starts at once: its free slots."""
    prefetch: int
    """How many more it claims, to start them when a slot is free."""
    lease: timedelta
    by: Actor
    claimer: UUID | None = None
    """By which the executor recognizes its claims, if it does not hear what came of them."""

    @property
    def total(self) -> int:
        """How many attempts it claims at most."""
        return self.slots + self.prefetch

    def without(self, claimed: Claimed) -> "ClaimRequest":
        """Return what is left of the request after a claim."""
        return replace(
            self,
            slots=self.slots - len(claimed.started),
            prefetch=self.prefetch - len(claimed.prefetched),
        )


NO_CLAIM = ClaimRequest(slots=0, prefetch=0, lease=timedelta(), by=NOBODY)


def claim_attempts(
    run_id: int,
    attempt_ids: Sequence[UUID],
    *,
    lease: timedelta,
    by: Actor,
    claimer: UUID | None = None,
) -> list[TaskAttempt]:
    """Claim attempts and start them; return those that no other process has claimed or ended."""
    pulling = pulling_kinds()
    request = ClaimRequest(len(attempt_ids), 0, lease, by, claimer)
    return _start_among(UNCLAIMED_AMONG, run_id, attempt_ids, request, pulling=pulling)


def claimed_by(claimer: UUID) -> list[TaskAttempt]:
    """Return the open attempts that an executor has claimed, heard of or not."""
    found = TaskAttempt.objects.open().filter(claimed_by=claimer)
    return list(found.select_related("runner", "task__run").order_by("dispatched_at"))


def claim_waiting(run_id: int, request: ClaimRequest) -> Claimed:
    """Claim the first waiting local attempts of a run, in a transaction of its own."""
    with transaction.atomic(), pipeline():
        run = lock_run(run_id)
        claimed = claim_in_locked_run(run, request, RunnerPool())
        if claimed:
            failpoints.point("claim.stored")
            save_progress(run)
    failpoints.point("claim.committed")
    return claimed


def claim_in_locked_run(run: WorkflowRun, request: ClaimRequest, pool: RunnerPool) -> Claimed:
    """
    Claim the first waiting local attempts of a run, in the order of their dispatch.

    The caller holds the run's lock and stores the run.
    """
    kinds = kinds_served_locally()
    found = select(FIRST_WAITING, run=run.pk, local_kinds=kinds, limit=request.total)
    ids = [UUID(str(pk)).hex for (pk,) in found]
    waiting = _read_waiting(WAITING_AMONG, run, pool, ids) if ids else []
    waiting.sort(key=lambda attempt: attempt.dispatched_at)
    claimed = Claimed(waiting[: request.slots], waiting[request.slots :])
    _start(run, claimed.started, request)
    _prefetch(claimed.prefetched, request)
    return claimed


def claim_unsaved(attempts: Sequence[TaskAttempt], request: ClaimRequest, now: datetime) -> Claimed:
    """
    Claim the first local attempts among those that the caller is about to insert.

    Their leases are moments by this process's clock until the INSERT shifts them.
    """
    if not request.total:
        return Claimed()
    kinds = kinds_served_locally()
    local = [a for a in attempts if a.runner_kind in kinds and not a.outcome]
    claimed = Claimed(local[: request.slots], local[request.slots : request.total])
    for attempt in claimed.started:
        attempt.started_at = now
    for attempt in local[: request.total]:
        attempt.lease_expires_at = now + request.lease
        attempt.claimed_by = request.claimer
    return claimed


def mark_started(
    run_id: int, attempt_ids: Sequence[UUID], *, lease: timedelta, by: Actor
) -> list[TaskAttempt]:
    """Store that an executor has started attempts which it had prefetched; return these."""
    request = ClaimRequest(len(attempt_ids), 0, lease, by)
    return _start_among(WAITING_AMONG, run_id, attempt_ids, request)


def release_claims(run_id: int, attempt_ids: Sequence[UUID]) -> set[UUID]:
    """Give up claims on attempts that have not started; return those that others may claim."""
    with transaction.atomic():
        lock_run(run_id)
        ids = [attempt_id.hex for attempt_id in attempt_ids]
        return {UUID(str(pk)) for (pk,) in select(RELEASE, run=run_id, attempts=ids)}


def store_starts(
    run: WorkflowRun,
    tasks: Sequence[TaskLike],
    attempt_ids: Sequence[UUID],
    *,
    lease: timedelta | None,
    by: Actor,
    claimer: UUID | None = None,
) -> None:
    """Move tasks to running, each with the attempt at the same place of the second list."""
    now = timezone.now()
    pairs = zip(tasks, attempt_ids, strict=True)
    payloads = {task.pk: {"attempt_id": str(attempt_id)} for task, attempt_id in pairs}
    start = cover({"started_at": now})
    covers = dict.fromkeys(payloads, start)
    transition_tasks(
        run, tasks, Task.start, by=by, at=now, payloads=payloads, covers=covers, started_at=now
    )
    expires = now + lease if lease else None
    for batch in batches([attempt_id.hex for attempt_id in attempt_ids]):
        execute(
            SET_STARTED,
            attempts=batch,
            now=now,
            lease_expires_at=expires,
            claimer=claimer.hex if claimer else None,
        )


def _start_among(
    statement: str,
    run_id: int,
    attempt_ids: Sequence[UUID],
    request: ClaimRequest,
    **values: Any,
) -> list[TaskAttempt]:
    with transaction.atomic(), pipeline():
        run = lock_run(run_id)
        ids = [attempt_id.hex for attempt_id in attempt_ids]
        waiting = _read_waiting(statement, run, RunnerPool(), ids, **values)
        _start(run, waiting, request)
        failpoints.point("claim.stored")
        save_progress(run)
    failpoints.point("claim.committed")
    return waiting


def _read_waiting(
    statement: str, run: WorkflowRun, pool: RunnerPool, attempt_ids: Sequence[str], **values: Any
) -> list[TaskAttempt]:
    attempts = read(TaskAttempt, statement, run=run.pk, attempts=attempt_ids, **values)
    for attempt in attempts:
        attempt.runner = pool.runners.get(attempt.runner_id)
        attempt.task = Task(pk=attempt.task_id, run=run, state=TaskState.DISPATCHED)
    return attempts


def _start(run: WorkflowRun, attempts: Sequence[TaskAttempt], request: ClaimRequest) -> None:
    if attempts:
        store_starts(
            run,
            [attempt.task for attempt in attempts],
            [attempt.pk for attempt in attempts],
            lease=request.lease,
            by=request.by,
            claimer=request.claimer,
        )
        for attempt in attempts:
            attempt.started_at = timezone.now()


def _prefetch(attempts: Sequence[TaskAttempt], request: ClaimRequest) -> None:
    if attempts:
        now = timezone.now()
        expires = now + request.lease
        claimer = request.claimer.hex if request.claimer else None
        ids = [attempt.pk.hex for attempt in attempts]
        execute(SET_LEASES, attempts=ids, now=now, lease_expires_at=expires, claimer=claimer)
        for attempt in attempts:
            attempt.lease_expires_at = expires


# Queries

ATTEMPT = TaskAttempt._meta.db_table

# An attempt that has not started, and that is the latest of its task.
WAITING = f"""
    SELECT {columns_of(TaskAttempt, "attempt")}
      FROM {ATTEMPT} attempt JOIN {Task._meta.db_table} task ON task.id = attempt.task_id
     WHERE attempt.outcome = '' AND attempt.started_at IS NULL AND task.run_id = %(run)s
       AND task.state = '{TaskState.DISPATCHED}' AND task.attempt_count = attempt.number
"""
WAITING_AMONG = f"{WAITING} AND attempt.id = ANY(%(attempts)s::uuid[])"
# Another executor may have claimed an attempt since it was found, without starting it yet. Where
# attempts are submitted, not pulled, the lease is the submission's.
UNCLAIMED_AMONG = f"""
    {WAITING_AMONG}
       AND (attempt.lease_expires_at IS NULL OR attempt.runner_kind <> ALL(%(pulling)s::text[]))
"""
# Goes through the run's dispatched tasks in order, looks up the attempt of each, and stops as soon
# as there are enough. COALESCE hides the indexed columns of attempts from the planner: otherwise it
# might begin with the waiting attempts of all runs.
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
    ) AS found WHERE found.id IS NOT NULL LIMIT %(limit)s
"""
SET_STARTED = f"""
    UPDATE {ATTEMPT}
       SET started_at = %(now)s, lease_expires_at = %(lease_expires_at)s::timestamptz {SHIFT},
           claimed_by = COALESCE(%(claimer)s::uuid, claimed_by)
     WHERE id = ANY(%(attempts)s::uuid[])
"""
SET_LEASES = f"""
    UPDATE {ATTEMPT} SET lease_expires_at = %(lease_expires_at)s::timestamptz {SHIFT},
           claimed_by = %(claimer)s::uuid
     WHERE id = ANY(%(attempts)s::uuid[])
"""
# An attempt whose cancellation was requested stays claimed: its executor ends it.
RELEASE = f"""
    UPDATE {ATTEMPT} SET lease_expires_at = NULL, claimed_by = NULL
     WHERE id = ANY(%(attempts)s::uuid[]) AND outcome = '' AND started_at IS NULL
       AND task_id IN (SELECT id FROM {Task._meta.db_table}
                        WHERE run_id = %(run)s AND cancel_requested_at IS NULL)
    RETURNING id
"""

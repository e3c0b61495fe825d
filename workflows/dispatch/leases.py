"""
Leases: how long an attempt counts as alive without another report.

A lease is extended by the process that submits the attempt, by the executor that runs it, and by
the answer of a runner that was polled. An attempt whose lease has expired is overdue, and
`reports.recovery` deals with it. Claims set their first lease in `dispatch.claims`; the report of
the end removes it.

Every lease is a moment by the database's clock, since another host may judge it. An object keeps an
estimate by this process's clock, until it is read again.

No lease of an attempt at a host goes beyond the moment at which the attempt times out: then it is
overdue, however often the host reports that it is running.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from workflows.db.clock import SHIFT, database_now
from workflows.db.statements import execute
from workflows.models import TaskAttempt
from workflows.runs.transitions import batches

EXECUTOR_LEASE = timedelta(seconds=60)
"""How long an executor keeps its claim on an attempt without renewing it."""

RENEW_EVERY_S = 15.0
"""How often an executor renews the leases of its attempts."""

SUBMIT_WITHIN = timedelta(seconds=30)
"""If an attempt is not submitted by then, the process that dispatched it is gone."""

POLL_AFTER = timedelta(seconds=60)
"""How long a runner that calls back may send no report before it is polled."""

POLL_AGAIN_AFTER = timedelta(seconds=15)
"""How long to wait before a runner is polled, or asked to cancel, once more."""

CLAIM_WITHIN = timedelta(minutes=1)
"""How long an attempt may wait in a queue before it is queued again; it starts only once."""

REPORT_WITHIN = timedelta(minutes=1)
"""How long after the time-out of an attempt its host may still report the end."""


RENEW_BELOW = EXECUTOR_LEASE - timedelta(seconds=RENEW_EVERY_S)
"""With less than this left, by the database's clock, an executor renews a lease."""


@dataclass(frozen=True, slots=True)
class Look:
    """What an executor has to know of the attempts that it holds."""

    unwanted: dict[UUID, bool]
    """Those that are to be ended; True: somebody else has closed them."""
    expiring: list[UUID]
    """Those whose leases are to be renewed."""


def look_at(attempt_ids: Collection[UUID]) -> Look:
    """Return which of these attempts are to be ended or renewed; waits for no lock."""
    is_canceled = Q(task__cancel_requested_at__isnull=False)
    is_expiring = Q(lease_expires_at__lt=database_now(plus=RENEW_BELOW))
    found = TaskAttempt.objects.filter(
        ~Q(outcome="") | is_canceled | is_expiring, pk__in=attempt_ids
    ).values_list("pk", "outcome", "task__cancel_requested_at", "lease_expires_at")
    rows = list(found)
    unwanted = {pk: bool(outcome) for pk, outcome, canceled, _ in rows if outcome or canceled}
    return Look(unwanted, [pk for pk, outcome, _, lease in rows if lease and not outcome])


def extend_leases(attempt_ids: Collection[UUID], lease: timedelta) -> None:
    """
    Start a lease of each open attempt that has one now.

    One statement, which waits for no row: what another transaction has locked is left out.
    """
    now = timezone.now()
    ids = [attempt_id.hex for attempt_id in attempt_ids]
    execute(RENEW, attempts=ids, now=now, lease_expires_at=now + lease)


def extend_host_lease(attempt: TaskAttempt, lease: timedelta, *, starts: bool = False) -> None:
    """
    Start a lease of an open attempt at a host now.

    :param starts: the host has reported the start now, so the time-out counts from now on.
    """
    columns = host_lease(attempt, lease, starts=starts)
    TaskAttempt.objects.open().filter(pk=attempt.pk).update(**columns)


def host_lease(
    attempt: TaskAttempt, lease: timedelta, *, starts: bool = False
) -> dict[str, Combinable]:
    """Return the columns of a lease at a host: it ends at the latest when the attempt times out."""
    limit: Combinable = database_now(plus=patience(attempt))
    if not starts:
        # Empty in attempts that the release before has created.
        limit = Coalesce(F("times_out_at"), limit)
    return {"times_out_at": limit, "lease_expires_at": Least(database_now(plus=lease), limit)}


def patience(attempt: TaskAttempt) -> timedelta:
    """Return how long after its start an attempt at a host is ended, whatever the host says."""
    return timedelta(seconds=attempt.timeout_seconds) + REPORT_WITHIN


def lease_left(attempt: TaskAttempt) -> timedelta | None:
    """Return how much of a lease is left; None if there is none."""
    # Subtracted here: what the database makes of an absurd moment may be none that can be read.
    found = TaskAttempt.objects.filter(pk=attempt.pk).annotate(now=database_now())
    expires_at, now = found.values_list("lease_expires_at", "now").get()
    return expires_at - now if expires_at else None


def replace_lease(attempt: TaskAttempt, lease: timedelta) -> bool:
    """Extend a lease unless it was changed since the attempt was read; return True if extended."""
    unchanged = TaskAttempt.objects.open().filter(
        pk=attempt.pk, lease_expires_at=attempt.lease_expires_at
    )
    return bool(unchanged.update(lease_expires_at=database_now(plus=lease)))


def extend_submission_leases(attempts: Sequence[TaskAttempt]) -> None:
    """Give attempts that wait for their submission more time; also in the objects themselves."""
    for batch in batches(attempts):
        unstarted = TaskAttempt.objects.open().filter(started_at=None)
        ids = [attempt.pk for attempt in batch]
        unstarted.filter(pk__in=ids).update(lease_expires_at=database_now(plus=SUBMIT_WITHIN))
    for attempt in attempts:
        attempt.lease_expires_at = timezone.now() + SUBMIT_WITHIN


# Queries

ATTEMPT = TaskAttempt._meta.db_table

# A claim that was released meanwhile has no lease, and must not get one again.
RENEW = f"""
    UPDATE {ATTEMPT} SET lease_expires_at = %(lease_expires_at)s::timestamptz {SHIFT}
     WHERE id IN (SELECT id FROM {ATTEMPT}
                   WHERE id = ANY(%(attempts)s::uuid[])
                     AND outcome = '' AND lease_expires_at IS NOT NULL
                   ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
"""

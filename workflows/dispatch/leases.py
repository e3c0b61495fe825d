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
from datetime import timedelta
from uuid import UUID

from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from workflows.db.clock import database_now
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


def extend_leases(attempt_ids: Collection[UUID], lease: timedelta) -> None:
    """Start a lease of each open attempt now."""
    attempts = TaskAttempt.objects.open().filter(pk__in=attempt_ids)
    attempts.update(lease_expires_at=database_now(plus=lease))


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
    left = ExpressionWrapper(F("lease_expires_at") - database_now(), DurationField())
    found: timedelta | None = (
        TaskAttempt.objects.filter(pk=attempt.pk)
        .annotate(left=left)
        .values_list("left", flat=True)
        .get()
    )
    return found


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

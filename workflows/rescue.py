"""
Attempts that nobody reports on any more.

Whoever executes an attempt renews its lease. A lease that has run out is the evidence that the
executor is gone: the task is failed, for an operator to retry. Nothing is retried by itself.
"""

from collections import defaultdict
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from workflows.locks import lock_run
from workflows.models import TaskAttempt, TaskState
from workflows.models.attempt import TaskAttemptQuerySet
from workflows.reports import Report, report_all

LOST = "runner lost: nobody has reported on this attempt since its lease ran out"


def settle_lost_attempts(*, by: str) -> int:
    """Fail the tasks whose executor is gone; return how many."""
    by_run: dict[int, list[UUID]] = defaultdict(list)
    for run_id, attempt_id in _overdue().values_list("task__run_id", "pk"):
        by_run[run_id].append(attempt_id)
    return sum(_settle(run_id, attempts, by=by) for run_id, attempts in by_run.items())


def _overdue() -> TaskAttemptQuerySet:
    return TaskAttempt.objects.open().filter(lease_expires_at__lt=timezone.now())


@transaction.atomic
def _settle(run_id: int, attempts: list[UUID], *, by: str) -> int:
    lock_run(run_id)
    # Read again under the lock: the lease may have been renewed, or the end reported, meanwhile.
    still = _overdue().filter(pk__in=attempts).values_list("pk", flat=True)
    reports = [Report(pk, TaskState.FAILED, message=LOST, is_lost=True) for pk in still]
    return len(reports) - len(report_all(run_id, reports, by=by))

"""
What is overdue is settled, on definite evidence only.

Nothing here runs by itself: every serving executor looks in passing, so does every dispatch that
finds nothing ready, and `manage.py rescue` looks on an operator's word. What is settled: an attempt
that was committed and never submitted is submitted, under the same key; a runner that has been
silent is asked; an attempt whose executor no longer renews its lease, or that its runner does not
know, is lost and fails; a cancel that has not come through is repeated. Nothing is retried by
itself.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from workflows.dispatch.leases import ASK_AGAIN_AFTER
from workflows.dispatch.runner_pool import RunnerPool
from workflows.dispatch.submission import submit
from workflows.models import TaskAttempt, TaskState
from workflows.models.actor import Actor
from workflows.reports.apply import Report, apply_reports
from workflows.reports.polling import poll_attempts, unknown_among
from workflows.runs.locks import lock_run

LOST = "runner lost: nobody has reported on this attempt since its lease ran out"
MOST_AT_ONCE = 50


def recover_overdue(*, run_id: int | None = None, by: Actor) -> Counter[str]:
    """
    Settle what is overdue, in one run or in all; return how much of what was done.

    Outside any transaction. One statement where nothing is overdue.
    """
    done: Counter[str] = Counter()
    overdue = TaskAttempt.objects.overdue().select_related("runner", "task")
    if run_id:
        overdue = overdue.filter(task__run__id=run_id)
    attempts = list(overdue.order_by("lease_expires_at")[:MOST_AT_ONCE])
    undelivered = [attempt for attempt in attempts if _is_undelivered(attempt)]
    if undelivered:
        done["submitted"] = len(submit(_not_out_there(undelivered), RunnerPool(), by=by))
    silent = [attempt for attempt in attempts if attempt not in undelivered]
    done["lost"] = sum(_lose([attempt for attempt in silent if attempt.backend.claims], by=by))
    return +(
        done + poll_attempts([a for a in silent if not a.backend.claims and _take_turn(a)], by=by)
    )


def _is_undelivered(attempt: TaskAttempt) -> bool:
    """Say whether nobody can have started an attempt: never submitted, or never claimed."""
    claims = attempt.backend.claims
    if claims and not attempt.is_claimed:
        attempt.submitted_at = None  # to be put into its queue again; the claim is won once
    # One that is not wanted any more is no longer told to anybody; its host is asked to end it.
    unwanted = attempt.task.cancel_requested_at and not claims
    return not (attempt.submitted_at or unwanted) and attempt.runner is not None


def _not_out_there(attempts: list[TaskAttempt]) -> list[TaskAttempt]:
    """Return what no runner has: one whose answer was lost with its asker is not told again."""
    # A host is asked by task: of a later attempt it may tell what became of an earlier one.
    to_ask = [each for each in attempts if not each.backend.claims and each.number == 1]
    return [each for each in attempts if each not in to_ask] + unknown_among(to_ask)


def _lose(attempts: Iterable[TaskAttempt], *, by: Actor) -> Iterable[int]:
    by_run: dict[int, list[UUID]] = defaultdict(list)
    for attempt in attempts:
        by_run[attempt.task.run_id or 0].append(attempt.pk)
    for run_id, attempt_ids in by_run.items():
        yield _lose_in(run_id, attempt_ids, by=by)


@transaction.atomic
def _lose_in(run_id: int, attempt_ids: list[UUID], *, by: Actor) -> int:
    lock_run(run_id)
    # Read again under the lock: the lease may have been renewed, or the end reported, meanwhile.
    still = TaskAttempt.objects.overdue().filter(pk__in=attempt_ids)
    lost = still.values_list("pk", flat=True)
    reports = [Report(pk, TaskState.FAILED, message=LOST, is_lost=True) for pk in lost]
    return len(reports) - len(apply_reports(run_id, reports, by=by))


def _take_turn(attempt: TaskAttempt) -> bool:
    """Of several processes that see the same silence, let one ask."""
    silent = TaskAttempt.objects.open().filter(
        pk=attempt.pk, lease_expires_at=attempt.lease_expires_at
    )
    return bool(silent.update(lease_expires_at=timezone.now() + ASK_AGAIN_AFTER))

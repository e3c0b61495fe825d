"""
Recovers attempts whose lease has expired; it acts on evidence only and never guesses.

Nothing runs this in the background. Every executor runs it regularly, so does every dispatch that
finds nothing ready, and operators run it with `manage.py rescue`. What it does with an attempt:

- one that was committed and never submitted is submitted, under the same key;
- one on a runner that sends no report is polled there, or its cancellation is requested again;
- one at a host whose time is over is ended, whatever the host says;
- one that its executor no longer renews, or that its runner does not know, is lost and fails.

A retry is left to people.

An expired lease alone is no evidence that an executor is dead: the database may have been away, or
locked, so that nobody could renew. Whoever finds one therefore first makes sure that the database
takes writes, and gives all executors a moment, in which their keepers, which have tried all the
time, renew what is alive. Rows that somebody else has locked are not judged, since they could not
be renewed either.
"""

import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import compress

from runners import transaction
from runners.database import connection
from workflows.dispatch.leases import (
    POLL_AGAIN_AFTER,
    extend_leases,
    extend_submission_leases,
    replace_lease,
)
from workflows.dispatch.runner_pool import RunnerPool
from workflows.dispatch.submission import submit
from workflows.models import TaskAttempt, TaskState
from workflows.models.actor import Actor
from workflows.models.attempt import by_run
from workflows.reports.apply import apply_reports
from workflows.reports.polling import poll_attempts, unknown_among
from workflows.reports.report import Report
from workflows.reports.time_outs import end_timed_out
from workflows.runs.bulkhead import run_alone
from workflows.runs.locks import lock_run

LOST = "runner lost: nobody has reported on this attempt since its lease ran out"
MOST_AT_ONCE = 50
GRACE_S = 2.0
"""How long executors have to renew before an expired lease counts: several tries of a keeper."""
FREE_WITHIN_S = 1.0
"""If the turn to write comes later than this, nobody else could renew meanwhile either."""


def recover_overdue(*, run_id: int | None = None, by: Actor) -> Counter[str]:
    """
    Recover overdue attempts of one run, or of all; return how many were recovered in which way.

    Call it outside any transaction. It takes one statement if nothing is overdue.
    """
    overdue = _overdue(run_id)
    undelivered = [attempt for attempt in overdue if _is_undelivered(attempt)]
    delivered = [attempt for attempt in overdue if attempt not in undelivered]
    done: Counter[str] = Counter()
    done["submitted"] = _submit_again(undelivered, by=by)
    done["lost"] = _fail_lost([a for a in delivered if a.backend.claims], by=by)
    done += _poll([a for a in delivered if not a.backend.claims], by=by)
    return done


def _overdue(run_id: int | None) -> list[TaskAttempt]:
    attempts = TaskAttempt.objects.overdue().select_related("runner", "task")
    if run_id:
        attempts = attempts.filter(task__run__id=run_id)
    return list(attempts.order_by("lease_expires_at")[:MOST_AT_ONCE])


def _is_undelivered(attempt: TaskAttempt) -> bool:
    """Return True if an attempt was never submitted, or no worker has claimed it from its queue."""
    if attempt.runner is None:
        return False
    if attempt.backend.claims:
        return not (attempt.submitted_at and attempt.is_claimed)
    # If its cancellation was requested, its runner is asked to cancel it instead.
    return not (attempt.submitted_at or attempt.task.cancel_requested_at)


def _submit_again(attempts: Sequence[TaskAttempt], *, by: Actor) -> int:
    if not attempts:
        return 0
    unknown = _not_at_their_runners(attempts)
    for attempt in unknown:
        attempt.submitted_at = None  # in this object only: `submit` skips what is submitted
    extend_submission_leases(unknown)
    pool, submitted = RunnerPool(), 0
    for run_id, group in by_run(unknown).items():
        sent = run_alone(run_id, "another submission", partial(submit, group, pool, by=by))
        submitted += len(sent or ())
    return submitted


def _not_at_their_runners(attempts: Sequence[TaskAttempt]) -> list[TaskAttempt]:
    """Leave out those that their runners know: the process died before it noted the submission."""
    to_poll = [each for each in attempts if not each.backend.claims and _is_asked_by_own_id(each)]
    return [each for each in attempts if each not in to_poll] + unknown_among(to_poll)


def _is_asked_by_own_id(attempt: TaskAttempt) -> bool:
    """Return False if its runner, asked about it, might answer for an earlier attempt."""
    # Before a release, hosts were sent the number of the task, which all its attempts share.
    return attempt.number == 1 or attempt.payload.get("task_id") == str(attempt.pk)


def _fail_lost(attempts: Sequence[TaskAttempt], *, by: Actor) -> int:
    total = 0
    if not attempts or not _could_be_renewed():
        return total
    for run_id, group in by_run(attempts).items():
        fail = partial(_fail_lost_in_run, run_id, group, by=by)
        lost = run_alone(run_id, "the recovery of lost attempts", fail)
        if lost is None:  # the attempts of other runs are recovered before it is tried again
            extend_leases([attempt.pk for attempt in group], POLL_AGAIN_AFTER)
        total += lost or 0
    return total


def _could_be_renewed() -> bool:
    """Give the executors time to renew; return False if nobody could write meanwhile."""
    if connection.in_atomic_block:
        return True
    _write_nothing()
    time.sleep(GRACE_S)
    begun = time.monotonic()
    _write_nothing()
    return time.monotonic() - begun < FREE_WITHIN_S


@transaction.atomic
def _write_nothing() -> None:
    """Wait until other writers are through: on SQLite there is one at a time."""


@transaction.atomic
def _fail_lost_in_run(run_id: int, attempts: Sequence[TaskAttempt], *, by: Actor) -> int:
    lock_run(run_id)
    # Read again under the lock: meanwhile the lease may have been renewed, or the end reported.
    overdue = TaskAttempt.objects.overdue().filter(pk__in=[attempt.pk for attempt in attempts])
    free = overdue.order_by("pk").select_for_update(skip_locked=True, no_key=True)
    lost = free.values_list("pk", flat=True)
    reports = [Report(pk, TaskState.FAILED, message=LOST, is_lost=True) for pk in lost]
    refused = apply_reports(run_id, reports, by=by)
    extend_leases([*refused], POLL_AGAIN_AFTER)  # else they would be the first of each round
    return len(reports) - len(refused)


def _poll(attempts: Sequence[TaskAttempt], *, by: Actor) -> Counter[str]:
    """Poll attempts, each in one of the processes that find it overdue at the same moment."""
    is_mine = [replace_lease(attempt, POLL_AGAIN_AFTER) for attempt in attempts]
    mine = list(compress(attempts, is_mine))
    found = TaskAttempt.objects.timed_out().filter(pk__in=[attempt.pk for attempt in mine])
    timed_out = set(found.values_list("pk", flat=True))
    to_poll = [attempt for attempt in mine if attempt.pk not in timed_out]
    to_end = [attempt for attempt in mine if attempt.pk in timed_out]
    return poll_attempts(to_poll, by=by) + end_timed_out(to_end, by=by)

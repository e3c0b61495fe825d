"""On PostgreSQL, a host whose clock is wrong neither loses healthy attempts nor keeps dead ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch, states
from workflows.db.statements import pipeline
from workflows.dispatch.claims import (
    ClaimRequest,
    claim_attempts,
    claim_waiting,
    mark_started,
)
from workflows.dispatch.leases import EXECUTOR_LEASE, POLL_AFTER, SUBMIT_WITHIN, extend_leases
from workflows.errors import Conflict
from workflows.models import TaskAttempt, WorkflowRun
from workflows.operations.attempts import declare_lost
from workflows.reports.apply import apply_reports_and_claim
from workflows.reports.recovery import recover_overdue
from workflows.reports.report import Report

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("ahead_s", [90, -90])]

EXECUTOR = who("executor")
RESCUE = who("rescue")
NEAR = timedelta(seconds=15)
now = timezone.now


@contextmanager
def clock(ahead_s: int) -> Iterator[None]:
    """Let this process's clock be wrong inside the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: now() + timedelta(seconds=ahead_s))
        yield


def lease_of(run: WorkflowRun, step_id: str = "a") -> timedelta:
    """Return how long a lease goes on, by the true clock."""
    expires = attempt(run, step_id).lease_expires_at
    assert expires
    return expires - now()


def claim(run: WorkflowRun, lease: timedelta = EXECUTOR_LEASE) -> None:
    claim_attempts(run.pk, [attempt(run, "a").pk], lease=lease, by=EXECUTOR)


def claim_with_the_dispatch(run: WorkflowRun) -> None:
    """Claim `a` with the report that makes it ready."""
    before = attempt(run, "start")
    report = Report(before.pk, "success")
    apply_reports_and_claim(run.pk, [report], ClaimRequest(1, 0, EXECUTOR_LEASE, EXECUTOR))


def prefetch(run: WorkflowRun) -> None:
    claim_waiting(run.pk, ClaimRequest(0, 1, EXECUTOR_LEASE, EXECUTOR))


def renew(run: WorkflowRun) -> None:
    claim(run, -EXECUTOR_LEASE)
    extend_leases([attempt(run, "a").pk], EXECUTOR_LEASE)


def mark(run: WorkflowRun) -> None:
    prefetch(run)
    mark_started(run.pk, [attempt(run, "a").pk], lease=EXECUTOR_LEASE, by=EXECUTOR)


@pytest.mark.parametrize("way", [claim, claim_with_the_dispatch, prefetch, renew, mark])
def test_lease_of_an_executor_with_a_wrong_clock_is_as_long_as_any(
    runs: DrawRun, ahead_s: int, way: Callable[[WorkflowRun], None]
) -> None:
    run = runs("start > a" if way is claim_with_the_dispatch else "a", auto_dispatch=True)
    dispatch(run)
    with clock(ahead_s):
        way(run)
    assert EXECUTOR_LEASE - NEAR < lease_of(run) <= EXECUTOR_LEASE
    assert recover_overdue(by=RESCUE) == {}


def test_healthy_attempt_of_another_host_is_not_lost(runs: DrawRun, ahead_s: int) -> None:
    run = runs("a")
    dispatch(run)
    claim(run)
    with clock(ahead_s):
        assert recover_overdue(by=RESCUE) == {}
        with pytest.raises(Conflict, match="renewed its claim"):
            declare_lost(attempt(run, "a").task_id, by=who("ada"), reason="it looks dead")
    assert states(run) == {"a": "running"}


def test_dead_attempt_is_lost_whatever_clock_claimed_it(runs: DrawRun, ahead_s: int) -> None:
    run = runs("a")
    dispatch(run)
    with clock(ahead_s):
        claim(run, -timedelta(seconds=1))
    with clock(-ahead_s):
        assert recover_overdue(by=RESCUE) == {"lost": 1}


def test_submission_leases_and_time_outs_are_those_of_the_database(
    runs: DrawRun, script: Script, ahead_s: int
) -> None:
    run = runs("a", timeout_seconds=20)
    with clock(ahead_s):
        script.on_submit = lambda _: leases.append(lease_of(run))
        leases: list[timedelta] = []
        dispatch(run)
    assert SUBMIT_WITHIN - NEAR < leases[0] <= SUBMIT_WITHIN
    assert POLL_AFTER - NEAR < lease_of(run) <= POLL_AFTER
    times_out_at = attempt(run, "a").times_out_at
    assert times_out_at
    assert timedelta(seconds=80) - NEAR < times_out_at - now() <= timedelta(seconds=80)
    assert recover_overdue(by=RESCUE) == {}


def test_overdue_submission_is_taken_by_one_process_only(
    runs: DrawRun, script: Script, ahead_s: int
) -> None:
    run = runs("a")
    dispatch(run)
    past = now() - timedelta(seconds=1)
    TaskAttempt.objects.update(submitted_at=None, lease_expires_at=past)
    script.submitted.clear()
    script.on_submit = lambda _: seen.append(recover_overdue(by=RESCUE))
    seen: list[object] = []
    with clock(ahead_s):
        assert recover_overdue(by=RESCUE)["submitted"] == 1
    assert seen == [{}]


def test_lease_begins_after_the_wait_for_the_lock(runs: DrawRun, ahead_s: int) -> None:
    run = runs("a")
    dispatch(run)
    with clock(ahead_s), transaction.atomic(), pipeline(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.3)")
        claim(run)
    assert lease_of(run) > EXECUTOR_LEASE - timedelta(seconds=0.3)

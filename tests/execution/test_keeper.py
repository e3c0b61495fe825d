"""Leases, time-outs and cancellations are kept while the loop of an executor waits."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from tests.execution.conftest import KEPT, Execution
from tests.management.conftest import Started, started, wait_for  # noqa: F401 (a fixture)
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.trail import check_trail
from tests.support.verbs import attempt, dispatch_all, states, task
from workflows import operations
from workflows.dispatch.claims import claim_attempts, release_claims
from workflows.dispatch.leases import EXECUTOR_LEASE, RENEW_BELOW, extend_leases, look_at
from workflows.execution.executor import Executor
from workflows.execution.tenure import CLAIM_LASTS_S, uptime
from workflows.models import TaskAttempt, WorkflowRun
from workflows.reports import recovery
from workflows.reports.recovery import recover_overdue

pytestmark = KEPT

SLEEP = {"command": ["sleep", "300"]}


@contextmanager
def locked(table: str, pk: object) -> Iterator[None]:
    """Hold the lock of a row on a connection of a stranger."""
    connection.ensure_connection()
    dsn = connection.connection.info.dsn
    with psycopg.connect(dsn) as stranger:
        stranger.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE", [pk])
        yield
        stranger.rollback()


def lease_of(run: WorkflowRun) -> timedelta:
    expires_at = attempt(run, "a").lease_expires_at
    assert expires_at
    return expires_at - timezone.now()


def expire(*runs: WorkflowRun) -> None:
    past = timezone.now() - timedelta(seconds=1)
    TaskAttempt.objects.filter(task__run__in=runs).update(lease_expires_at=past)


@pytest.mark.postgres
def test_lock_on_one_run_stalls_no_other(
    started: Started,  # noqa: F811 (the fixture)
    runs: DrawRun,
    tmp_path: Path,
) -> None:
    wait = ["sh", "-c", "while [ ! -e go ]; do sleep 0.05; done; touch gone"]
    short = runs("a", payload={"command": wait, "cwd": str(tmp_path)})
    timed = runs("a", payload=SLEEP, timeout_seconds=6)
    canceled = runs("a", payload=SLEEP)
    made = [short, timed, canceled]
    for run in made:
        dispatch_all(run)
    started("local_runner")
    wait_for(lambda: all(states(run) == {"a": "running"} for run in made))
    with locked("workflows_workflowrun", short.pk):
        (tmp_path / "go").touch()
        expire(canceled)
        wait_for(lambda: lease_of(canceled) > RENEW_BELOW)
        operations.cancel(task(canceled, "a").pk, by=who("ada"))
        wait_for(lambda: states(canceled) == {"a": "canceled"})
        wait_for(lambda: states(timed) == {"a": "failed"})
        # What has ended and cannot be reported yet is not lost either.
        wait_for((tmp_path / "gone").exists)
        expire(short)
        wait_for(lambda: lease_of(short) > RENEW_BELOW)
    assert attempt(timed, "a").message == "timed out after 6 s"
    wait_for(lambda: states(short) == {"a": "success"})
    for run in made:
        check_trail(run)


@pytest.mark.postgres
def test_attempt_locked_by_a_stranger_does_not_delay_other_leases(runs: DrawRun) -> None:
    made = [runs("a") for _ in range(2)]
    for run in made:
        dispatch_all(run)
        claim_attempts(run.pk, [attempt(run, "a").pk], lease=-EXECUTOR_LEASE, by=who("executor"))
    with locked("workflows_taskattempt", attempt(made[0], "a").pk):
        extend_leases([attempt(run, "a").pk for run in made], EXECUTOR_LEASE)
        assert lease_of(made[0]) < timedelta() < lease_of(made[1])
        assert recover_overdue(by=who("rescue")) == {}  # it could not be renewed
    assert states(made[0]) == {"a": "running"}


def test_renewal_leaves_a_released_claim_alone(runs: DrawRun) -> None:
    run = runs("a")
    dispatch_all(run)
    pk = attempt(run, "a").pk
    TaskAttempt.objects.update(lease_expires_at=timezone.now())
    assert look_at([pk]).expiring == [pk]
    release_claims(run.pk, [pk])
    assert look_at([pk]).expiring == []
    extend_leases([pk], EXECUTOR_LEASE)
    assert attempt(run, "a").lease_expires_at is None


def test_executor_that_comes_back_with_the_database_is_not_lost(
    runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs("a")
    dispatch_all(run)
    pk = attempt(run, "a").pk
    claim_attempts(run.pk, [pk], lease=-EXECUTOR_LEASE, by=who("executor"))
    monkeypatch.setattr(time, "sleep", lambda _: extend_leases([pk], EXECUTOR_LEASE))
    assert recover_overdue(by=who("rescue")) == {}
    monkeypatch.undo()
    assert states(run) == {"a": "running"}
    monkeypatch.setattr(recovery, "GRACE_S", 0.0)
    expire(run)
    assert recover_overdue(by=who("rescue")) == {"lost": 1}


def test_attempt_that_somebody_else_has_closed_is_killed_at_once(execution: Execution) -> None:
    run = execution.drawn({"a": {"command": ["sh", "-c", "trap '' TERM; sleep 300"]}})
    lost: list[float] = []

    def lose(_: Executor) -> None:
        if states(run) == {"a": "running"} and not lost:
            lost.append(uptime())
            expire(run)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(recovery, "GRACE_S", 0.0)
                recover_overdue(by=who("rescue"))

    execution.to_end(run, meanwhile=lose)
    assert uptime() - lost[0] < 4  # there is no grace period
    assert states(run) == {"a": "failed"}
    check_trail(run)


def test_nothing_begins_on_a_claim_from_before_a_standstill(
    execution: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = execution.drawn({"a": {"python": "noop"}})
    clock = [0.0]
    monkeypatch.setattr("workflows.execution.tenure.uptime", lambda: uptime() + clock[0])
    begun: list[bool] = []

    def stand_still(executor: Executor) -> None:
        if not clock[0]:
            running = executor._running
            clock[0] = CLAIM_LASTS_S + 1
            running.begin_if_ours(attempt(run, "a"), uptime() - 1)
            begun.extend(bool(each) for each in running.in_slots)
            running.end_all("gone")

    execution.to_end(run, meanwhile=stand_still)
    assert begun == []


@pytest.mark.skipif(settings.DATABASES["default"]["ENGINE"].endswith("postgresql"), reason="SQLite")
def test_no_lease_is_judged_while_a_stranger_keeps_everybody_from_writing(
    runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs("a")
    dispatch_all(run)
    pk = attempt(run, "a").pk
    claim_attempts(run.pk, [pk], lease=-EXECUTOR_LEASE, by=who("executor"))
    name = connection.settings_dict["NAME"]
    stranger = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
    end = threading.Timer(recovery.FREE_WITHIN_S + 0.3, stranger.rollback)

    def begin_to_write(_: float) -> None:
        stranger.execute("BEGIN IMMEDIATE")
        end.start()

    monkeypatch.setattr("workflows.reports.recovery.time.sleep", begin_to_write)
    assert recover_overdue(by=who("rescue")) == {}
    end.join()
    stranger.close()
    assert states(run) == {"a": "running"}

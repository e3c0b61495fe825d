"""How long the database is waited for, by threads that have a limit."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.db import OperationalError, connection, connections, transaction

from tests.support.drawing import DrawRun
from tests.support.threads import at_once
from workflows.db import lock_queues, time_limits
from workflows.db.lock_queues import LockQueue, Place
from workflows.db.refusals import is_passing, is_silence
from workflows.db.time_limits import limited, patient
from workflows.errors import Busy
from workflows.models import WorkflowRun
from workflows.runs import expansion
from workflows.runs.locks import lock_run, lock_task

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def other(transactional_db: None) -> Iterator[psycopg.Connection]:
    """Connect to the database of the test beside Django."""
    connection.ensure_connection()
    with psycopg.connect(connection.connection.info.dsn) as other:
        yield other


def ask(statement: str = "SELECT 1") -> None:
    """Execute a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def stop_after(statement: str, pid: int) -> None:
    """Execute a statement, then stop a process."""
    ask(statement)
    os.kill(pid, signal.SIGSTOP)


def lock(other: psycopg.Connection, run: WorkflowRun) -> None:
    """Lock a run as somebody does who then goes to lunch."""
    other.execute("SELECT * FROM workflows_workflowrun WHERE id = %s FOR UPDATE", [run.pk])


def test_statement_that_takes_too_long_is_canceled_and_its_connection_kept() -> None:
    ask()
    pid = connection.connection.info.backend_pid
    with limited(answer_s=0.2, lock_s=1), pytest.raises(OperationalError) as caught:
        ask("SELECT pg_sleep(60)")
    assert is_passing(caught.value)
    ask()
    assert connection.connection.info.backend_pid == pid


def test_time_limit_ends_with_its_block() -> None:
    with limited(answer_s=0.1, lock_s=0.1):
        ask()
    ask("SELECT pg_sleep(0.5)")


def test_large_work_may_take_longer() -> None:
    with limited(answer_s=0.2, lock_s=1):
        with patient(more_s=30):
            ask("SELECT pg_sleep(0.5)")
        with pytest.raises(OperationalError):
            ask("SELECT pg_sleep(60)")


def test_copying_of_many_steps_is_large_work(
    runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expansion, "COPIED_S", 10)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql "
            "AS $$ BEGIN PERFORM pg_sleep(0.6); RETURN NULL; END $$"
        )
        cursor.execute("CREATE TRIGGER slow AFTER INSERT ON workflows_task EXECUTE FUNCTION slow()")
    try:
        with limited(answer_s=0.3, lock_s=1):
            assert runs("a > b").pending_count == 2
    finally:
        ask("DROP TRIGGER slow ON workflows_task")
        ask("DROP FUNCTION slow()")


def test_new_run_waits_for_a_locked_table_no_longer_than_others(
    runs: DrawRun, other: psycopg.Connection
) -> None:
    other.execute("LOCK TABLE workflows_event IN ACCESS EXCLUSIVE MODE")
    began = time.monotonic()
    with limited(answer_s=0.3, lock_s=1), pytest.raises(OperationalError):
        runs("a > b")
    assert time.monotonic() - began < 5


def test_inner_limit_does_not_lengthen_the_outer_one() -> None:
    with (
        limited(answer_s=0.2, lock_s=1),
        limited(answer_s=60, lock_s=60),
        pytest.raises(OperationalError),
    ):
        ask("SELECT pg_sleep(60)")


@contextmanager
def stopped() -> Iterator[int]:
    """Stop the server's process of this connection; yield its pid."""
    ask()
    pid = connection.connection.info.backend_pid
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGCONT)
        connection.close()


def test_server_that_owes_an_answer_is_given_up() -> None:
    with limited(answer_s=0.3, lock_s=1), stopped() as pid:
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(OperationalError, match="no answer within") as caught:
            ask()
    assert is_silence(caught.value)


def test_server_that_does_not_confirm_a_commit_is_given_up() -> None:
    with (
        limited(answer_s=0.3, lock_s=1),
        stopped() as pid,
        pytest.raises(OperationalError) as caught,
        transaction.atomic(),
    ):
        stop_after("SELECT txid_current()", pid)
    assert is_silence(caught.value)


def test_kept_connection_that_does_not_answer_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with limited(answer_s=60, lock_s=1), stopped() as pid:
        os.kill(pid, signal.SIGSTOP)
        monkeypatch.setattr(connection, "health_check_enabled", True)
        monkeypatch.setattr(connection, "health_check_done", False)
        ask()
        assert connection.connection.info.backend_pid != pid


def test_locked_run_is_named_and_waited_for_no_longer(
    runs: DrawRun, other: psycopg.Connection
) -> None:
    run = runs("a")
    lock(other, run)
    with limited(lock_s=0.2), pytest.raises(Busy) as caught, transaction.atomic():
        lock_run(run.pk)
    assert str(caught.value) == f"workflow run {run.pk} is busy; try again"
    ask()


def test_locked_task_without_a_run_is_named(runs: DrawRun, other: psycopg.Connection) -> None:
    task = runs("a").tasks.get()
    task.run = None
    task.save()
    other.execute("SELECT * FROM workflows_task WHERE id = %s FOR UPDATE", [task.pk])
    with limited(lock_s=0.2), pytest.raises(Busy, match=f"task {task.pk} is"), transaction.atomic():
        lock_task(task.pk)


def test_thread_that_has_waited_in_vain_waits_less_for_the_next_run(
    runs: DrawRun, other: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_limits, "SHORTEST_S", 0.01)
    first, second = runs("a"), runs("b")
    lock(other, first)
    lock(other, second)
    with limited(lock_s=0.3):
        waits = []
        for run in (first, second):
            began = time.monotonic()
            with pytest.raises(Busy), transaction.atomic():
                lock_run(run.pk)
            waits.append(time.monotonic() - began)
    assert waits[1] < waits[0]


def test_while_one_thread_tries_a_stuck_run_the_others_do_not(
    runs: DrawRun, other: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_queues, "STUCK_AFTER_S", 0.0)
    run = runs("a")
    lock(other, run)

    def take() -> None:
        with limited(lock_s=30), transaction.atomic():
            lock_run(run.pk)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(_closing, take)
        while not lock_queues.is_hopeless(("workflow run", run.pk)):
            assert not first.done()
        [second] = at_once([take])
        assert isinstance(second, Busy)
        assert not first.done()
        other.rollback()
        assert first.result() is None
    take()


def _closing(act: object) -> None:
    try:
        act()  # type: ignore[operator]
    finally:
        connections.close_all()


def test_lock_that_goes_round_is_waited_for_by_all(
    runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_queues, "STUCK_AFTER_S", 0.5)
    run = runs("a")
    holding = threading.Lock()

    def take() -> None:
        with limited(lock_s=30), transaction.atomic():
            lock_run(run.pk)
            assert holding.acquire(blocking=False)
            ask("SELECT pg_sleep(0.15)")
            holding.release()

    # Together they take far longer than a lock may be stuck.
    assert at_once([take] * 8) == [None] * 8


def test_first_in_the_queue_waits_longest() -> None:
    queue = LockQueue(moved_at=time.monotonic() - lock_queues.STUCK_AFTER_S)
    first, next_one = Place(queue, True, 3.0), Place(queue, False, 3.0)
    assert (first.is_over(2.9), first.is_over(3.0)) == (False, True)
    assert (next_one.is_over(0.2), next_one.is_over(lock_queues.SHORTEST_S)) == (False, True)
    queue.moved_at = time.monotonic()
    assert not next_one.is_over(2.9)


def test_nothing_is_remembered_of_locks_that_are_had(runs: DrawRun) -> None:
    run = runs("a")
    with limited(lock_s=3), transaction.atomic():
        lock_run(run.pk)
    assert ("workflow run", run.pk) not in lock_queues._queues

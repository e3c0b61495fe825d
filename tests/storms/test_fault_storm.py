"""
Executors go through a storm of database faults: everything succeeds, nothing is executed twice.

`make prove-faults` lets 30 faults come over 20 runs (FAULTS, FAULT_RUNS; FAULT_SEED repeats them).
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg.sql import SQL, Identifier

from tests.factories import RunFactory
from tests.support.database import environment
from tests.support.proxy import Proxy, proxy_to
from tests.support.trail import check_trail
from tests.support.verbs import dispatch_all
from workflows.models import TaskAttempt, WorkflowRun

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]

FAULTS = int(os.environ.get("FAULTS", "4"))
RUNS = int(os.environ.get("FAULT_RUNS", "4"))
SEED = os.environ.get("FAULT_SEED", "1")
EXECUTORS = 2
LASTS_S = 1.2
SETTLE_WITHIN_S = 120
DRAWING = "a > b > d, a > c > d, d > e"
MARK = 'echo $ORCHESTRATOR_ATTEMPT_ID >> "$0"; sleep 0.3'
TABLES = ["workflows_taskattempt", "workflows_task", "workflows_workflowrun", "workflows_event"]


class Weather:
    """What may go wrong with the database, for the role of the executors alone."""

    def __init__(self, stranger: psycopg.Connection, role: str, proxy: Proxy) -> None:
        """Act by a connection of somebody else."""
        self._stranger = stranger
        self._role = Identifier(role)
        self._proxy = proxy
        self.faults: list[Callable[[], None]] = [
            self.cut_connections,
            self.cancel_statements,
            self.restart,
            self.be_silent,
            self.be_silent_to_newcomers,
            self.be_read_only,
            self.take_rights,
            self.time_out_statements,
            self.time_out_locks,
            self.refuse_connections,
            self.isolate_strictly,
            self.lock_runs,
            self.lock_attempts,
            self.lock_tables,
        ]

    def cut_connections(self) -> None:
        """Cut all connections, twice."""
        for _ in range(2):
            self._proxy.cut()
            time.sleep(LASTS_S / 4)

    def cancel_statements(self) -> None:
        """Cancel whatever is executed, again and again."""
        give_up_at = time.monotonic() + LASTS_S
        while time.monotonic() < give_up_at:
            self._do(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database() AND usename LIKE 'storm%'"
            )

    def restart(self) -> None:
        """Cut all connections, and take none for a while."""
        self._proxy.is_refusing = True
        self._proxy.cut()
        time.sleep(LASTS_S)
        self._proxy.is_refusing = False

    def be_silent(self) -> None:
        """Answer nothing any more on the present connections."""
        self._proxy.mute()

    def be_silent_to_newcomers(self) -> None:
        """Answer nothing to whoever connects."""
        self._proxy.is_mute = True
        self._proxy.cut()
        time.sleep(LASTS_S)
        self._proxy.is_mute = False

    def be_read_only(self) -> None:
        """Be a standby for a while."""
        self._with_setting("default_transaction_read_only", "on")

    def take_rights(self) -> None:
        """Grant nothing but reading for a while."""
        for table in TABLES:
            self._do("REVOKE INSERT, UPDATE ON {} FROM {}", Identifier(table), self._role)
        time.sleep(LASTS_S)
        for table in TABLES:
            self._do("GRANT INSERT, UPDATE ON {} TO {}", Identifier(table), self._role)

    def time_out_statements(self) -> None:
        """Give statements no time."""
        self._with_setting("statement_timeout", "1ms")

    def time_out_locks(self) -> None:
        """Give locks no time."""
        self._with_setting("lock_timeout", "1ms")

    def refuse_connections(self) -> None:
        """Have too many connections already."""
        self._do("ALTER ROLE {} CONNECTION LIMIT 0", self._role)
        self._proxy.cut()
        time.sleep(LASTS_S)
        self._do("ALTER ROLE {} CONNECTION LIMIT -1", self._role)

    def isolate_strictly(self) -> None:
        """Let transactions fail because they cannot be serialized."""
        self._with_setting("default_transaction_isolation", "serializable")

    def lock_runs(self) -> None:
        """Lock all runs."""
        self._lock("SELECT 1 FROM workflows_workflowrun FOR UPDATE")

    def lock_attempts(self) -> None:
        """Lock all open attempts."""
        self._lock("SELECT 1 FROM workflows_taskattempt WHERE outcome = '' FOR UPDATE")

    def lock_tables(self) -> None:
        """Lock a table as VACUUM FULL does."""
        self._lock("LOCK TABLE workflows_taskattempt IN ACCESS EXCLUSIVE MODE")

    def _lock(self, statement: str) -> None:
        with self._stranger.transaction():
            self._do(statement)
            time.sleep(LASTS_S)

    def _with_setting(self, name: str, value: str) -> None:
        setting = Identifier(name)
        self._do("ALTER ROLE {} SET {} = {}", self._role, setting, SQL(f"'{value}'"))
        self._proxy.cut()
        time.sleep(LASTS_S)
        self._do("ALTER ROLE {} RESET {}", self._role, setting)

    def _do(self, statement: str, *parts: Identifier | SQL) -> None:
        self._stranger.execute(SQL(statement).format(*parts))


@pytest.fixture
def weather() -> Iterator[tuple[Weather, str]]:
    """Return what can go wrong, and the address that executors connect to."""
    connection.ensure_connection()
    info = connection.connection.info
    role = f"storm{os.getpid()}"
    path = f"{info.host}/.s.PGSQL.{info.port}"
    with psycopg.connect(info.dsn, autocommit=True) as stranger, proxy_to(path) as proxy:
        stranger.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(role)))
        for what in ("TABLES", "SEQUENCES"):
            grant = SQL("GRANT ALL ON ALL {} IN SCHEMA public TO {}")
            stranger.execute(grant.format(SQL(what), Identifier(role)))
        address = f"postgresql://{role}@127.0.0.1:{proxy.port}/{info.dbname}?connect_timeout=2"
        yield Weather(stranger, role, proxy), address
        stranger.execute(SQL("DROP OWNED BY {}").format(Identifier(role)))
        stranger.execute(SQL("DROP ROLE {}").format(Identifier(role)))


@contextmanager
def executors(address: str) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Run local runners during this block."""
    command = [sys.executable, "-m", "tests.support.impatient", "local_runner"]
    settings = environment(DJANGO_SETTINGS_MODULE="tests.settings", DATABASE_URL=address)
    started = [subprocess.Popen(command, env=settings) for _ in range(EXECUTORS)]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_everything_succeeds_once(weather: tuple[Weather, str], tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 (to be repeated)
    sky, address = weather
    order = chance.sample(sky.faults, len(sky.faults))
    marks = tmp_path / "marks"
    payload = {"command": ["sh", "-c", MARK, str(marks)]}
    runs: list[WorkflowRun] = []
    with executors(address) as started:
        for number in range(FAULTS):
            wanted = RUNS * (number + 1) // FAULTS - len(runs)
            runs += [_make_run(payload) for _ in range(wanted)]
            _wait_for_work()
            fault = order[number % len(order)]
            print(f"fault {number + 1}: {fault.__name__}")  # noqa: T201 (shown if it fails)
            fault()
        _wait_for(_are_over)
        assert [process.poll() for process in started] == [None] * EXECUTORS
    _check(runs, marks)


def _make_run(payload: dict[str, Any]) -> WorkflowRun:
    run = RunFactory.create(
        template__drawing=DRAWING, template__payload=payload, auto_dispatch=True
    )
    dispatch_all(run)
    return run


def _wait_for_work() -> None:
    """Wait until something runs, so that each fault meets work; or until all is done."""
    _wait_for(lambda: TaskAttempt.objects.open().exclude(started_at=None).exists() or _are_over())


def _are_over() -> bool:
    return not WorkflowRun.objects.exclude(state__in=["success", "failed"]).exists()


def _wait_for(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + SETTLE_WITHIN_S
    while not condition():
        assert time.monotonic() < give_up_at, "the executors do not go on"
        time.sleep(0.05)


def _check(runs: list[WorkflowRun], marks: Path) -> None:
    assert not list(TaskAttempt.objects.exclude(outcome="success").values_list("message"))
    assert set(WorkflowRun.objects.values_list("state", flat=True)) == {"success"}
    attempts = {str(pk) for pk in TaskAttempt.objects.values_list("pk", flat=True)}
    assert Counter(marks.read_text().split()) == Counter(dict.fromkeys(attempts, 1))
    for run in runs:
        check_trail(run)

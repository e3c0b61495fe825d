"""Runs go on while their tables are rewritten under exclusive locks."""

import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from tests.management.conftest import Started, wait_for
from tests.support.database import database_url
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch, state
from workflows.audit.verify import verify_run
from workflows.models import Event, LogPiece, Task, TaskAttempt, WorkflowRun

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

TABLES = [model._meta.db_table for model in (WorkflowRun, Task, TaskAttempt, Event, LogPiece)]
REPACK = next(Path("/usr/lib/postgresql").glob("*/bin/pg_repack"), None) or shutil.which(
    "pg_repack"
)


def with_sql(form: str) -> None:
    """Execute a statement for each table, on a connection of its own."""
    with psycopg.connect(database_url(), autocommit=True) as connection:
        for table in TABLES:
            connection.execute(form.format(table=table))


def repack() -> None:
    """Repack each table, as its documentation says."""
    server = urlsplit(database_url())
    with psycopg.connect(database_url(), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_repack")
    tables = [f"--table={table}" for table in TABLES]
    host = server.hostname or parse_qs(server.query)["host"][0]
    where = ["-h", host, "-U", server.username or "postgres", server.path.lstrip("/")]
    subprocess.run([str(REPACK), *tables, *where], check=True, capture_output=True, text=True)


WAYS: dict[str, Callable[[], None]] = {
    "VACUUM FULL": lambda: with_sql("VACUUM FULL {table}"),
    "CLUSTER": lambda: with_sql("CLUSTER {table} USING {table}_pkey"),
    "REINDEX CONCURRENTLY": lambda: with_sql("REINDEX TABLE CONCURRENTLY {table}"),
    "pg_repack": repack,
}


@pytest.mark.parametrize("way", WAYS)
def test_runs_end_while_tables_are_rewritten(way: str, started: Started, runs: DrawRun) -> None:
    if way == "pg_repack" and not REPACK:
        pytest.skip("pg_repack is not installed")
    made = [
        runs("a > b > c > d, a > e", payload={"python": "noop"}, auto_dispatch=True)
        for _ in range(6)
    ]
    over, failures, rounds = threading.Event(), [], 0

    def rewrite() -> None:
        nonlocal rounds
        while not over.is_set():
            try:
                WAYS[way]()
            except (psycopg.Error, subprocess.CalledProcessError) as exc:
                failures.append(exc)
            rounds += 1

    started("local_runner", "--concurrency", "3")
    other = threading.Thread(target=rewrite)
    other.start()
    try:
        for run in made:
            dispatch(run)
        wait_for(lambda: {state(run) for run in made} == {"success"} and rounds)
    finally:
        over.set()
        other.join()

    assert failures == []
    assert [verify_run(run.pk) for run in made] == [[]] * 6
    assert TaskAttempt.objects.count() == 5 * 6  # none was executed twice

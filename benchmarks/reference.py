"""
The bare loop: the least durable database work for one task, without any framework.

It claims a row and inserts an event in one commit: as two statements in a transaction, which is
the usual way to write it, and as one statement, which is the minimum.
"""

import sqlite3
import time
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg

MOST_A_LAP = 200
WARM_UP = 20

TABLES = (
    "CREATE TABLE bench_task (id integer PRIMARY KEY, state text NOT NULL)",
    "CREATE INDEX bench_task_state ON bench_task (state, id)",
    "CREATE TABLE bench_event (id {serial}, task_id integer NOT NULL, event_type text NOT NULL)",
)
FIRST = "SELECT id FROM bench_task WHERE state = 'pending' ORDER BY id LIMIT 1"
CLAIM = f"UPDATE bench_task SET state = 'dispatched' WHERE id = ({FIRST} {{lock}}) RETURNING id"  # noqa: S608
INSERT_CLAIMED = (
    "WITH claimed AS ({claim}) INSERT INTO bench_event (task_id, event_type) "
    "SELECT id, 'task.dispatched' FROM claimed"
)
FILL = "INSERT INTO bench_task SELECT i, 'pending' FROM generate_series(%s::int, %s) AS i"
INSERT = "INSERT INTO bench_event (task_id, event_type) VALUES ({value}, 'task.dispatched')"


class Reference(Protocol):
    """The bare loop on one kind of database."""

    def lap(self, tasks: int) -> tuple[float, float]:
        """Return the seconds per task: as two statements, and as one."""


class Postgres:
    """The loop in psycopg."""

    def __init__(self, url: str) -> None:
        """Connect and create the tables."""
        self._connection = psycopg.connect(url, autocommit=True)
        for statement in TABLES:
            self._connection.execute(_sql(statement.format(serial="bigserial PRIMARY KEY")))
        claim = CLAIM.format(lock="FOR UPDATE SKIP LOCKED")
        self._claim = _sql(claim)
        self._insert = _sql(INSERT.format(value="%s"))
        self._both = _sql(INSERT_CLAIMED.format(claim=claim))
        self._next = 0

    def lap(self, tasks: int) -> tuple[float, float]:
        """Return the seconds per task: as two statements, and as one."""
        n = min(tasks, MOST_A_LAP)
        self._connection.execute(_sql(FILL), [self._next, self._next + 2 * n - 1])
        self._next += 2 * n
        return _per_call(self._in_two, n), _per_call(self._in_one, n)

    def _in_two(self) -> None:
        with self._connection.transaction():
            row = self._connection.execute(self._claim).fetchone()
            self._connection.execute(self._insert, row)

    def _in_one(self) -> None:
        self._connection.execute(self._both)


class Sqlite:
    """The loop in sqlite3, with the product's pragmas."""

    def __init__(self, url: str) -> None:
        """Connect and create the tables."""
        from orchestrator.environment import SQLITE_OPTIONS

        self._connection = sqlite3.connect(urlsplit(url).path, isolation_level=None, timeout=20)
        self._connection.executescript(str(SQLITE_OPTIONS["init_command"]))
        for statement in TABLES:
            self._connection.execute(statement.format(serial="integer PRIMARY KEY"))
        self._next = 0

    def lap(self, tasks: int) -> tuple[float, float]:
        """Return the seconds per task, twice: SQLite has no round trip to save."""
        n = min(tasks, MOST_A_LAP)
        rows = ((i, "pending") for i in range(self._next, self._next + n))
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO bench_task VALUES (?, ?)", rows)
        self._connection.execute("COMMIT")
        self._next += n
        return (seconds := _per_call(self._once, n)), seconds

    def _once(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        row = self._connection.execute(CLAIM.format(lock="")).fetchone()
        self._connection.execute(INSERT.format(value="?"), row)
        self._connection.execute("COMMIT")


def reference(url: str) -> Reference:
    """Return the bare loop for a database."""
    loop: Reference = Sqlite(url) if url.startswith("sqlite") else Postgres(url)
    loop.lap(WARM_UP)  # psycopg prepares statements that it sees repeatedly
    return loop


def _sql(text: str) -> Any:
    return text.encode()


def _per_call(call: Callable[[], None], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times

"""
How long people, commands and loops wait for the database: seconds, not until it is done.

The limits are kept by this process, not by settings of the connection: those would reach others
through a pooler (PgBouncer), and a server that hangs keeps none. When a limit is over, PostgreSQL
is told to cancel the statement, as Ctrl-C in psql does; if it does not answer to that either, the
connection is given up. That covers whatever is waited for: statements, COMMIT, the check of a kept
connection. SQLite has its own `busy_timeout`.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from runners.database import connection
from workflows.db.lock_queues import SHORTEST_S, is_hopeless, place_in_queue
from workflows.db.refusals import is_passing
from workflows.errors import Busy

if TYPE_CHECKING:
    import psycopg  # projects on SQLite have none

AFTER_CANCEL_S = 0.5
"""How long the server has to accept a cancellation, and then to obey it."""
CHECKED_S = 1.0
"""How long a kept connection may take to show that it still works; else another is made."""

USUAL = "usual_busy_timeout_ms"
"""Where a connection to SQLite keeps how long it waits as the project has configured it."""

IsOver = Callable[[float], bool]
"""Returns True if a wait of so many seconds is long enough."""


@dataclass(slots=True)
class TimeLimits:
    """How long a block of code waits for one answer of the database, and for one lock."""

    answer_s: float | None
    lock_s: float

    def is_over(self, waited_s: float) -> bool:
        """Return True if an answer takes too long."""
        return self.answer_s is not None and waited_s >= self.answer_s


class _OfThisThread(threading.local):
    limits: TimeLimits | None = None
    is_over: IsOver | None = None
    """The limit of the statement that is executed now."""


_local = _OfThisThread()


@contextmanager
def limited(*, answer_s: float | None = None, lock_s: float) -> Iterator[None]:
    """
    Limit how long this thread waits for the database in this block; limits around it go on.

    :param answer_s: for one answer, whatever was asked; None: as long as it takes.
    :param lock_s: for one lock that is taken by `locking`.
    """
    if _local.limits:
        yield
        return
    _local.limits = limits = TimeLimits(answer_s, lock_s)
    _local.is_over = limits.is_over
    _set_busy_timeout(connection)
    in_queue = _begin_in_queue if connection.vendor == "sqlite" else None
    try:
        with connection.execute_wrapper(in_queue) if in_queue else nullcontext():
            yield
    finally:
        _local.limits = _local.is_over = None
        _set_busy_timeout(connection)


@contextmanager
def patient(*, more_s: float) -> Iterator[None]:
    """
    Let an answer take longer in this block, in which the work itself is large: 100,000 rows.

    :param more_s: what the work may take, and no more: a wait for somebody's lock is not told
        from work, and ends as late.
    """
    if (limits := _local.limits) is None or limits.answer_s is None:
        yield
        return
    before = limits.answer_s
    limits.answer_s += more_s
    try:
        yield
    finally:
        limits.answer_s = before


@contextmanager
def locking(what: str, name: object) -> Iterator[None]:
    """
    Execute the statement that locks a row, within the limits of this thread if it has any.

    :raises Busy: if the lock cannot be had in time.
    """
    if not (limits := _local.limits):
        yield
        return
    if is_hopeless((what, name)):
        raise Busy(what, name)
    before = _local.is_over
    try:
        with place_in_queue((what, name), limits.lock_s) as place:
            _local.is_over = place.is_over
            yield
    except OperationalError as exc:
        if not is_passing(exc):
            raise
        limits.lock_s = SHORTEST_S  # it has waited in vain once; the rest of the block must not
        raise Busy(what, name) from exc
    finally:
        _local.is_over = before


def limit_waits(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Have a new connection keep the limits of whichever thread uses it."""
    raw: Any = connection.connection
    if connection.vendor == "postgresql":
        raw.wait = partial(_wait, connection, raw)
    elif connection.vendor == "sqlite":
        [usual] = raw.execute("PRAGMA busy_timeout").fetchone()
        setattr(connection, USUAL, usual)
        if _local.limits:
            _set_busy_timeout(connection)


def _set_busy_timeout(connection: Any) -> None:
    if connection.vendor == "sqlite" and connection.connection:
        wait_s = _local.limits and _local.limits.answer_s
        milliseconds = round(wait_s * 1000) if wait_s else getattr(connection, USUAL)
        connection.connection.execute(f"PRAGMA busy_timeout = {milliseconds}")


def _begin_in_queue(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
    """Execute a statement; if it waits for SQLite's lock for writing, in the queue for that."""
    if not sql.startswith("BEGIN"):
        return execute(sql, values, many, context)
    with locking("the", "database"):
        return execute(sql, values, many, context)


def _wait(connection: Any, raw: Any, answer: Any, *args: Any, **kwargs: Any) -> Any:
    """Wait for an answer as psycopg does, but not longer than this thread may."""
    if _local.is_over:
        is_check = connection.health_check_enabled and not connection.health_check_done
        answer = _within(_is_unchecked if is_check else _local.is_over, raw, answer)
    return type(raw).wait(raw, answer, *args, **kwargs)


def _is_unchecked(waited_s: float) -> bool:
    return waited_s >= CHECKED_S


def _within(
    is_over: IsOver, raw: "psycopg.Connection[Any]", answer: Generator[Any, Any, Any]
) -> Generator[Any, Any, Any]:
    """Pass on what psycopg and the socket say to each other, ten times a second at least."""
    import psycopg

    began, canceled_at = time.monotonic(), 0.0
    try:
        wanted = next(answer)
        while True:
            while not (ready := (yield wanted)):
                now = time.monotonic()
                if canceled_at and now - canceled_at >= AFTER_CANCEL_S:
                    raw.pgconn.finish()
                    raise psycopg.OperationalError(f"no answer within {now - began:.1f} s")
                if not canceled_at and is_over(now - began):
                    with suppress(psycopg.Error):
                        raw.cancel_safe(timeout=AFTER_CANCEL_S)
                    canceled_at = time.monotonic()
            wanted = answer.send(ready)
    except StopIteration as end:
        return end.value

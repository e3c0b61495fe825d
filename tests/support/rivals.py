"""Concurrent actions at a chosen moment."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections

LONGEST_WAIT_S = 20

BLOCKED = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@contextmanager
def rival_before(statement: str, act: Callable[[], object]) -> Iterator[Future[object]]:
    """
    Act on another connection right before the first statement that contains this text.

    The statement is executed once the rival is done, or waits for a lock. The block ends once the
    rival is done.
    """
    future: Future[object] = Future()
    with ThreadPoolExecutor(1) as pool:

        def watch(execute: Any, sql: str, *rest: Any) -> Any:
            if statement in sql and not rivals:
                rivals.append(pool.submit(_act, act, future))
                _wait_until_done_or_blocked(future)
            return execute(sql, *rest)

        rivals: list[Future[None]] = []
        with connection.execute_wrapper(watch):
            yield future
        assert rivals, f"no statement has {statement}"


def _act(act: Callable[[], object], future: "Future[object]") -> None:
    try:
        future.set_result(act())
    except Exception as exc:  # noqa: BLE001 (what came of the rival is what the test asserts)
        future.set_exception(exc)
    finally:
        connections.close_all()


def _wait_until_done_or_blocked(future: "Future[object]") -> None:
    deadline = time.monotonic() + LONGEST_WAIT_S
    with connection.cursor() as cursor:
        while not future.done() and time.monotonic() < deadline:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else one look per transaction
            cursor.execute(BLOCKED)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    assert future.done(), "the rival neither ended nor waited for a lock"

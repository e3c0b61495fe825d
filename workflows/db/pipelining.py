"""
Statements that are sent together, in one round trip.

Inside `statements.pipeline()` a statement whose result is not needed yet is queued. The next
statement that is executed on the connection, by the ORM too, takes the queue along: PostgreSQL
receives everything as one message (libpq's pipeline mode). The prefetched queries follow it: the
query of a later `select()` is sent at once, and its rows are kept until then. SQLite has no round
trips; it executes the same statements at the same moments, one after the other.

An error of a queued statement is therefore raised where the queue is sent, which is later than
where the statement was written. To debug, switch the pipeline off with `STATEMENT_PIPELINE=off` in
the environment: every statement is then executed where it is written, tracebacks and breakpoints
are at the right line, and prefetched queries are asked by their `select()`. The result is the same.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from runners.conf import setting
from runners.database import connection

RowCountCheck = Callable[[int], None]
"""Receives how many rows a statement touched; raises if that is wrong."""


@dataclass(slots=True)
class QueuedStatement:
    """A statement that is sent with the next one."""

    statement: str
    values: dict[str, Any]
    check: RowCountCheck | None = None
    cursor: Any = None

    def send(self) -> None:
        """Send it; inside a database pipeline, its result arrives when that pipeline ends."""
        self.cursor = connection.cursor()
        self.cursor.execute(self.statement, self.values)

    def finish(self) -> None:
        """Check how many rows were touched."""
        touched = self.cursor.rowcount
        self.cursor.close()
        if self.check:
            self.check(touched)


@dataclass(slots=True)
class PrefetchedQuery(QueuedStatement):
    """A query that is sent before its rows are asked for."""

    answer: list[tuple[Any, ...]] | None = None

    def finish(self) -> None:
        """Keep the rows."""
        self.answer = list(self.cursor.fetchall())
        self.cursor.close()


class Pipeline:
    """
    The queue of one `pipeline()` block.

    While the block lasts it is an execute wrapper of the connection, so it sees each statement
    that is about to be executed.
    """

    def __init__(self) -> None:
        """Begin with an empty queue."""
        self._queue: list[QueuedStatement] = []
        self._unsent_queries: list[PrefetchedQuery] = []
        self._queries: list[PrefetchedQuery] = []

    def add(self, statement: QueuedStatement) -> None:
        """Queue a statement."""
        self._queue.append(statement)

    def prefetch(self, query: PrefetchedQuery) -> None:
        """Send a query directly behind the next statement, which may be the one that locks."""
        self._unsent_queries.append(query)
        self._queries.append(query)

    def take_answer(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]] | None:
        """Return the rows of a prefetched query, once; None if this query was not prefetched."""
        for query in self._queries:
            if (query.statement, query.values) == (statement, values):
                self._queries.remove(query)
                return query.answer
        return None

    def __call__(self, execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        """Send the queue, the statement that is about to be executed, and the prefetched ones."""
        if not self._queue and not self._unsent_queries:
            return execute(statement, values, many, context)
        with self._queue_around():
            return execute(statement, values, many, context)

    def flush(self) -> None:
        """Send the queue without waiting for another statement."""
        with self._queue_around():
            pass

    @contextmanager
    def _queue_around(self) -> Iterator[None]:
        """Send the queue before the body of the block, and the prefetched queries behind it."""
        # Emptied first: what is sent here passes through this wrapper again.
        queue, self._queue = self._queue, []
        queries, self._unsent_queries = self._unsent_queries, []
        with _one_message() if queue or queries else nullcontext():
            for statement in queue:
                statement.send()
            yield
            for query in queries:
                query.send()
        for sent in (*queue, *queries):
            sent.finish()


@contextmanager
def _one_message() -> Iterator[None]:
    """Send the statements of this block to PostgreSQL as one message."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


class _Local(threading.local):
    pipeline: Pipeline | None = None


_local = _Local()


def current() -> Pipeline | None:
    """Return the pipeline of this thread, if it is inside a `pipeline()` block."""
    return _local.pipeline


@contextmanager
def opened() -> Iterator[None]:
    """Queue what this thread executes in this block, and send the rest at its end."""
    if _local.pipeline or not setting("STATEMENT_PIPELINE"):
        yield
        return
    _local.pipeline = pipeline = Pipeline()
    # The first wrapper of the list is called first: the others see the whole message.
    connection.execute_wrappers.insert(0, pipeline)
    try:
        yield
    finally:
        connection.execute_wrappers.remove(pipeline)
        _local.pipeline = None
    if not connection.needs_rollback:  # as it does after a dry run
        pipeline.flush()

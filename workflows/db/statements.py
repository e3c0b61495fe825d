"""
Statements written by hand, for the hot path: lock, dispatch, claim, report.

A set of rows is one parameter and one statement, whatever its size, and there is nothing to compose
while the run's lock is held: the ORM takes five times as long to compose such a statement as
PostgreSQL to execute it. Statements are written for PostgreSQL; `sqlite.py` translates them.

Columns are never listed by hand: `columns_of` and `inserts.py` take them from the model, so that a
new field is read and stored without touching any SQL.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from django.db import models

from runners.database import connection
from workflows.db import pipelining
from workflows.db.pipelining import PrefetchedQuery, QueuedStatement, RowCountCheck
from workflows.db.sqlite import as_text, bound

Row = TypeVar("Row", bound=models.Model)

# Every hand-written statement can be answered by an index, with joins row by row, so each is
# planned once, for any run, and by index. Without these settings, PostgreSQL expects one task in a
# run that began since the last ANALYZE, and takes a scan of all tasks to be as good as a lookup;
# and it keeps the plans that it made while a table was small. (Without jit=off, it would first
# compile the scans that it is told to avoid.)
PLANNER_SETTINGS = """
    SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
           set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
           set_config('plan_cache_mode', 'force_generic_plan', true)
"""


class Sql(str):
    """SQL that is used in place of a value."""

    __slots__ = ()


@contextmanager
def pipeline() -> Iterator[None]:
    """
    Send statements whose results are not needed yet with the next one, as one message.

    A read meanwhile, by the ORM too, sees what was written: the queue is sent before it.
    Only inside a transaction. How to debug without it: see `workflows/db/pipelining.py`.
    """
    is_outermost = pipelining.current() is None
    with pipelining.opened():
        if is_outermost and connection.vendor == "postgresql":
            execute(PLANNER_SETTINGS)
        yield


def execute(statement: str, *, check: RowCountCheck | None = None, **values: Any) -> None:
    """
    Execute a statement; inside `pipeline()`, at the latest when something is read.

    Values are bound by name: lists for `ANY` and `ALL`, `rows()` for `jsonb_to_recordset`.

    :param check: receives how many rows were touched, and raises if that is wrong.
    """
    queued = QueuedStatement(*bound(statement, values), check)
    if current := pipelining.current():
        current.add(queued)
    else:
        queued.send()
        queued.finish()


def prefetch_query(statement: str, **values: Any) -> None:
    """
    Send a query with the next statement, for a `select` that comes later inside `pipeline()`.

    If that next statement takes a lock, the query sees what is true under the lock. The later
    `select` must have the same statement and values; otherwise it asks again, as one that was not
    prefetched does.
    """
    if current := pipelining.current():
        current.prefetch(PrefetchedQuery(*bound(statement, values)))


def select(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    query = bound(statement, values)
    current = pipelining.current()
    if current and (answer := current.take_answer(*query)) is not None:
        return answer
    with connection.cursor() as cursor:
        cursor.execute(*query)
        return list(cursor.fetchall())


def read(model: type[Row], statement: str, **values: Any) -> list[Row]:
    """Return the rows of a query, which selects the `columns_of` a model, as its instances."""
    names, converters = _converters_of(model, connection.vendor)
    found = []
    for row in map(list, select(statement, **values)):
        for index, convert, column in converters:
            row[index] = convert(row[index], column, connection)
        found.append(model.from_db(connection.alias, names, row))
    return found


def columns_of(model: type[models.Model], alias: str = "", *, without: Collection[str] = ()) -> str:
    """
    Return the columns that a query selects for `read`: all that the model has.

    :param without: columns that are large and not needed; they are read as None.
    """
    table = alias or model._meta.db_table
    return ", ".join(
        "NULL" if field.column in without else f"{table}.{quoted(str(field.column))}"
        for field in model._meta.concrete_fields
    )


def quoted(name: str) -> str:
    """Return a column's name as SQL takes it, also if it is a word of SQL."""
    return connection.ops.quote_name(name)


@cache
def _converters_of(model: type[models.Model], vendor: str) -> tuple[list[str], list[Any]]:
    """Return the names of a model's columns, and how to convert what the database gives."""
    # As the ORM's compiler does, but for every statement only once.
    fields = list(enumerate(model._meta.concrete_fields))
    converters = [
        (index, convert, column)
        for index, field in fields
        for column in [field.get_col(model._meta.db_table)]
        for convert in (
            *connection.ops.get_db_converters(column),
            *column.get_db_converters(connection),
        )
    ]
    return [field.attname for _, field in fields], converters


def rows(records: Iterable[Mapping[str, Any]]) -> str:
    """Return records as the parameter of a `jsonb_to_recordset`; JSON columns hold JSON as text."""
    # PostgreSQL reads the text of moments, UUIDs and numbers as Python writes it.
    texts = str if connection.vendor == "postgresql" else as_text
    return json.dumps(list(records), default=texts, ensure_ascii=False)

"""
Statements written by hand, where every task of every run comes by.

A set of rows is one parameter and one statement, whatever its size, and there is nothing to compose
while the run's lock is held: the ORM spends five times as long on composing such a statement as
PostgreSQL on executing it. They are in PostgreSQL's words; what SQLite says otherwise is said here.
"""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)

LISTED = re.compile(r"= ANY\(%\((\w+)\)s(?:::\w+\[\])?\)")
UNLISTED = re.compile(r"<> ALL\(%\((\w+)\)s(?:::\w+\[\])?\)")
ROWS = re.compile(r"jsonb_to_recordset\(%\((\w+)\)s\)\s+AS (\w+)\(([^)]*)\)")
CAST = re.compile(r"::\w+")
LOCK = "FOR NO KEY UPDATE"

Check = Callable[[int], None]


class Sql(str):
    """A piece of SQL where otherwise a value stands."""

    __slots__ = ()


class Pending:
    """Statements that travel with the next one whose answer is needed."""

    def __init__(self) -> None:
        """Begin with none."""
        self._statements: list[tuple[str, dict[str, Any]]] = []
        self._checks: list[Check | None] = []

    def add(self, statement: str, values: dict[str, Any], check: Check | None) -> None:
        """Let a statement wait."""
        self._statements.append((statement, values))
        self._checks.append(check)

    def __call__(self, then: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        """Execute what waits, and `statement` in the same round trip where that can be done."""
        cursor = context["cursor"].cursor
        if not self._statements:
            return then(statement, values, many, context)
        if many or not hasattr(cursor, "mogrify"):
            self.flush()
            return then(statement, values, many, context)
        waiting, checks = self._taken()
        texts = [cursor.mogrify(*each) for each in (*waiting, (statement, values))]
        answer = then(";".join(texts), None, many, context)
        for check in checks:
            _look_at(check, cursor.rowcount)
            cursor.nextset()
        return answer

    def flush(self) -> None:
        """Execute what waits."""
        waiting, checks = self._taken()
        if waiting:
            with connection.cursor() as cursor:
                self._execute(cursor, waiting, checks)

    def _execute(self, cursor: Any, waiting: Any, checks: Iterable[Check | None]) -> None:
        if hasattr(cursor.cursor, "mogrify"):
            cursor.execute(";".join(cursor.mogrify(*each) for each in waiting))
            for check in checks:
                _look_at(check, cursor.rowcount)
                cursor.nextset()
            return
        for (statement, values), check in zip(waiting, checks, strict=True):
            cursor.execute(statement, values)
            _look_at(check, cursor.rowcount)

    def _taken(self) -> tuple[list[tuple[str, dict[str, Any]]], list[Check | None]]:
        taken = self._statements, self._checks
        self._statements, self._checks = [], []
        return taken


def _look_at(check: Check | None, touched: int) -> None:
    if check:
        check(touched)


class _Local(threading.local):
    pending: Pending | None = None


_local = _Local()


@contextmanager
def together() -> Iterator[None]:
    """
    Let statements whose answers nobody needs yet travel with the next one, as a single message.

    Whatever is read meanwhile, by the ORM too, sees what was written: the waiting go first. Under
    a transaction only.
    """
    if _local.pending:
        yield
        return
    pending = _local.pending = Pending()
    # The first of the list is asked first: the others see the whole message.
    connection.execute_wrappers.insert(0, pending)
    try:
        yield
    finally:
        connection.execute_wrappers.remove(pending)
        _local.pending = None
    if not connection.needs_rollback:  # as after a dry run
        pending.flush()


def execute(statement: str, *, check: Check | None = None, **values: Any) -> None:
    """
    Execute a statement, within `together()` at the latest when something is read.

    Values are bound by name: lists for `ANY` and `ALL`, `rows()` for `jsonb_to_recordset`.

    :param check: is told how many rows were touched, and raises if that is wrong.
    """
    bound = _bound(statement, values)
    if _local.pending:
        _local.pending.add(*bound, check)
        return
    with connection.cursor() as cursor:
        cursor.execute(*bound)
        _look_at(check, cursor.rowcount)


def select(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(*_bound(statement, values))
        return list(cursor.fetchall())


def read(model: type[Row], statement: str, **values: Any) -> list[Row]:
    """Return the rows of a statement, which selects the `columns_of` the model, as objects."""
    names, converters = _shape(model, connection.vendor)
    found = []
    for row in map(list, select(statement, **values)):
        for index, convert, column in converters:
            row[index] = convert(row[index], column, connection)
        found.append(model.from_db(connection.alias, names, row))
    return found


def columns_of(model: type[models.Model], alias: str = "") -> str:
    """Return what a statement selects for `read`."""
    table = alias or model._meta.db_table
    return ", ".join(f"{table}.{field.column}" for field in model._meta.concrete_fields)


@cache
def _shape(model: type[models.Model], vendor: str) -> tuple[list[str], list[Any]]:
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
    return json.dumps(list(records), default=_as_text, ensure_ascii=False)


def moment(when: datetime) -> Any:
    """Return a moment as this database stores it."""
    return connection.ops.adapt_datetimefield_value(when)


def _as_text(value: Any) -> str:
    return str(moment(value)) if isinstance(value, datetime) else value.hex  # a UUID


def _bound(statement: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if connection.vendor == "postgresql":
        return statement, dict(values)
    return _in_sqlite(statement), {name: _for_sqlite(value) for name, value in values.items()}


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return json.dumps(value, default=_as_text)
    return value


@cache
def _in_sqlite(statement: str) -> str:
    statement = LISTED.sub(r"IN (SELECT value FROM json_each(%(\1)s))", statement)
    statement = UNLISTED.sub(r"NOT IN (SELECT value FROM json_each(%(\1)s))", statement)
    statement = ROWS.sub(_recordset, statement)
    return CAST.sub("", statement).replace(LOCK, "")


def _recordset(found: re.Match[str]) -> str:
    name, alias, columns = found.groups()
    names = [column.split()[0] for column in columns.split(",")]
    read = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in names)
    return f"(SELECT {read} FROM json_each(%({name})s)) AS {alias}"

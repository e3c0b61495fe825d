"""
Queries that the ORM composes once: to compose one takes it longer than PostgreSQL to answer it.

A function that returns a queryset becomes a query by `@composed`; where a value differs from call
to call, it says `Given(name)`, or `AmongGiven(field, name)` for a list of values:

    @composed
    def _latest_events() -> QuerySet[Event]:
        return Event.objects.filter(run=Given("run")).order_by("-pk")[:20]

    _latest_events.rows(run=7)

Nothing else in it may differ: it is called once, so moments are `Now()` or given. On SQLite it is
called each time, since there the clock of leases is a value of this process.
"""

import json
from collections.abc import Callable
from copy import copy
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db.models import Count, Expression, F, Lookup, QuerySet

from runners.database import connection

Row = TypeVar("Row")


class Given(Expression):
    """Stands for a value that is given when the query is asked."""

    def __init__(self, name: str) -> None:
        """Name it."""
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Return a placeholder, with itself in place of the value."""
        return "%s", [self]


class AmongGiven(Lookup):
    """
    True if a field has one of the values in a list that is given when the query is asked.

    A lookup stands in the statement as it is. Of a function, Django 6.1 would ask SQLite whether it
    `= True`, and SQLite would use no index.
    """

    lookup_name = "among_given"

    def __init__(self, field: str, name: str) -> None:
        """Name the field and the list."""
        super().__init__(F(field), Given(name))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Return the SQL that compares a column with a list."""
        return self._compared(compiler, connection, "= ANY(%s)")

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Return the SQL that reads the list from JSON."""
        return self._compared(compiler, connection, "IN (SELECT value FROM json_each(%s))")

    def _compared(self, compiler: Any, connection: Any, how: str) -> tuple[str, Any]:
        column, of_column = self.process_lhs(compiler, connection)
        given, of_list = compiler.compile(self.rhs)
        return f"{column} {how % given}", [*of_column, *of_list]


class ComposedQuery(Generic[Row]):
    """A query that is composed when it is first asked, and then only gets other values."""

    def __init__(self, compose: "Callable[[], QuerySet[Any, Row]]") -> None:
        """Remember how to compose it."""
        self._compose = compose

    def rows(self, **values: Any) -> list[Row]:
        """Return the rows, for these values."""
        is_kept = connection.vendor == "postgresql"
        queryset, compiler, (sql, wanted) = self._kept if is_kept else self._composed()
        # What is kept is shared by threads, each of which has a connection of its own.
        asked, ours = queryset.all(), copy(compiler)
        ours.connection = connection
        ours.as_sql = lambda *_, **__: (sql, tuple(_value(each, values) for each in wanted))
        asked.query.get_compiler = lambda *_, **__: ours
        return list(asked)

    def first(self, **values: Any) -> Row | None:
        """Return the first row, None if there is none."""
        return next(iter(self.rows(**values)), None)

    @cached_property
    def _kept(self) -> Any:
        return self._composed()

    def _composed(self) -> Any:
        queryset = self._compose()
        compiler: Any = queryset.query.get_compiler(connection=connection)
        statement = compiler.as_sql()
        compiler.connection = None  # that of this thread, which may end
        return queryset, compiler, statement


def composed(compose: "Callable[[], QuerySet[Any, Row]]") -> ComposedQuery[Row]:
    """Make a query of a function that returns a queryset."""
    return ComposedQuery(compose)


def count_query(rows: QuerySet[Any, Any]) -> QuerySet[Any, int]:
    """Return the query whose one row says how many rows there are."""
    counting = rows.order_by()
    # Not by `annotate`, which would group the rows.
    counting.query.add_annotation(Count("*"), "how_many")
    return counting.values_list("how_many", flat=True)


def _value(wanted: Any, values: dict[str, Any]) -> Any:
    if not isinstance(wanted, Given):
        return wanted
    value = values[wanted.name]
    return json.dumps(value) if connection.vendor == "sqlite" and isinstance(value, list) else value

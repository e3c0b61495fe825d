"""
Reads whatever a column holds: one row with nonsense keeps no list of rows from being read.

A person with SQL can store what Python has not: `infinity` or a year beyond 9999 in PostgreSQL, an
impossible day or a text that is not UTF-8 in SQLite. The drivers raise for the whole answer then,
whatever its other rows are, so every loop and list would stand still because of one row.
"""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import methodcaller
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.dateparse import parse_datetime

# A time zone must not carry them out of what Python has.
EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
EARLY = (b"-infinity", b"BC")

as_text = methodcaller("decode", "utf-8", "replace")


def read_anything(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Have a new connection read what Python has not as the nearest that it has."""
    raw: Any = connection.connection
    if connection.vendor == "postgresql":
        from psycopg.pq import Format  # projects on SQLite have no psycopg

        usual = raw.adapters.get_loader(raw.adapters.types["timestamptz"].oid, Format.TEXT)
        raw.adapters.register_loader("timestamptz", _clipped(usual))
    elif connection.vendor == "sqlite":
        raw.text_factory = as_text
        # Columns are read by the one, results of expressions by the other.
        sqlite3.register_converter("datetime", moment_in_column)
        operations: Any = connection.ops
        usual = type(operations).convert_datetimefield_value
        operations.convert_datetimefield_value = _forgiving(usual.__get__(operations))


@cache
def _clipped(usual: Any) -> Any:
    """Return a loader of moments that reads those beyond Python's as the last that it has."""

    class Clipped(usual):  # type: ignore[misc]
        def load(self, data: Any) -> Any:
            # What PostgreSQL writes is nearly always ISO 8601: psycopg parses it itself, for the
            # sake of older Pythons, which takes three times as long.
            try:
                return datetime.fromisoformat(str(data, "ascii")).replace(tzinfo=self.timezone)
            except ValueError:
                return self._load_unusual(data)

        def _load_unusual(self, data: Any) -> Any:
            try:
                return super().load(data)
            except Exception:  # noqa: BLE001 (psycopg's DataError, or an overflow of Python)
                nearest = EARLIEST if bytes(data).endswith(EARLY) else LATEST
                return nearest.astimezone(self.timezone)

    return Clipped


def _forgiving(convert: Callable[..., Any]) -> Callable[..., Any]:
    """Return how moments of SQLite are read, without those that no calendar has."""

    def converted(*value: Any) -> Any:
        try:
            return convert(*value)
        except (TypeError, ValueError):
            return None

    return converted


@_forgiving
def moment_in_column(text: bytes) -> Any:
    """Return the moment in a column of SQLite."""
    return parse_datetime(text.decode())

"""Translates the statements that are written for PostgreSQL, and their values, to SQLite."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.utils.duration import duration_microseconds

from runners.database import connection
from workflows.db.clock import SHIFT

# The constructs that are translated; any other that only PostgreSQL has fails when it is executed.
ANY = re.compile(r"= ANY\(%\((\w+)\)s(?:::\w+\[\])?\)")
NOT_ALL = re.compile(r"<> ALL\(%\((\w+)\)s(?:::\w+\[\])?\)")
RECORDSET = re.compile(r"jsonb_to_recordset\(%\((\w+)\)s\)\s+AS (\w+)\(([^)]*)\)")
LIMIT_LOCKS = re.compile(r"AND set_config\('lock_timeout', '\w+', true\) IS NOT NULL")
MOMENT = re.compile(r"EXTRACT\(EPOCH FROM ([\w.]+)\)")
CAST = re.compile(r"::\w+")
# Nothing to lock: a transaction that writes is alone.
ROW_LOCK = re.compile(r"FOR NO KEY UPDATE(?: SKIP LOCKED)?")


def moment(when: datetime) -> Any:
    """Return a moment as this database stores it."""
    return connection.ops.adapt_datetimefield_value(when)


def as_text(value: Any) -> Any:
    """Return a value that JSON has no type for, as SQLite stores it."""
    if isinstance(value, datetime):
        return str(moment(value))
    if isinstance(value, UUID):
        return value.hex
    return duration_microseconds(value) if isinstance(value, timedelta) else str(value)


def bound(statement: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a statement written for PostgreSQL, and its values, as this database takes them."""
    if connection.vendor == "postgresql":
        return statement, dict(values)
    return _in_sqlite(statement), {name: _for_sqlite(value) for name, value in values.items()}


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return json.dumps(value, default=as_text)
    return value


@cache
def _in_sqlite(statement: str) -> str:
    statement = ANY.sub(r"IN (SELECT value FROM json_each(%(\1)s))", statement)
    statement = NOT_ALL.sub(r"NOT IN (SELECT value FROM json_each(%(\1)s))", statement)
    statement = RECORDSET.sub(_recordset, statement)
    statement = MOMENT.sub(r"((julianday(\1) - 2440587.5) * 86400)", statement)
    statement = statement.replace("json_agg", "json_group_array").replace(SHIFT, "")
    statement = statement.replace("json_build_array", "json_array")
    statement = LIMIT_LOCKS.sub("", statement).replace("string_agg", "group_concat")
    return ROW_LOCK.sub("", CAST.sub("", statement))


def _recordset(found: re.Match[str]) -> str:
    name, alias, columns = found.groups()
    names = [column.split()[0] for column in columns.split(",")]
    read = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in names)
    return f"(SELECT {read} FROM json_each(%({name})s)) AS {alias}"

"""What SQLite says otherwise than PostgreSQL, in statements that are written by hand."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

LISTED = re.compile(r"= ANY\(%\((\w+)\)s(?:::\w+\[\])?\)")
UNLISTED = re.compile(r"<> ALL\(%\((\w+)\)s(?:::\w+\[\])?\)")
ROWS = re.compile(r"jsonb_to_recordset\(%\((\w+)\)s\)\s+AS (\w+)\(([^)]*)\)")
CAST = re.compile(r"::\w+")
LOCK = "FOR NO KEY UPDATE"


def moment(when: datetime) -> Any:
    """Return a moment as this database stores it."""
    return connection.ops.adapt_datetimefield_value(when)


def as_text(value: Any) -> str:
    """Return a moment or a UUID as this database reads it in a text."""
    return str(moment(value)) if isinstance(value, datetime) else str(value.hex)


def bound(statement: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a statement in PostgreSQL's words, and its values, as this database takes them."""
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
    statement = LISTED.sub(r"IN (SELECT value FROM json_each(%(\1)s))", statement)
    statement = UNLISTED.sub(r"NOT IN (SELECT value FROM json_each(%(\1)s))", statement)
    statement = ROWS.sub(_recordset, statement)
    statement = statement.replace("json_agg", "json_group_array")
    return CAST.sub("", statement).replace(LOCK, "")


def _recordset(found: re.Match[str]) -> str:
    name, alias, columns = found.groups()
    names = [column.split()[0] for column in columns.split(",")]
    read = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in names)
    return f"(SELECT {read} FROM json_each(%({name})s)) AS {alias}"

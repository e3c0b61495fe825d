"""How many rows of growing tables a request makes PostgreSQL read."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg import sql
from psycopg.adapt import PyFormat, Transformer

GROWING = {
    "workflows_approval",
    "workflows_event",
    "workflows_logpiece",
    "workflows_runrecord",
    "workflows_task",
    "workflows_taskattempt",
    "workflows_taskdependency",
    "workflows_workflowrun",
}
"""The tables that get rows with every run."""
REMOVED = ("Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter")
Statement = tuple[str, Any]


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """Collect the SELECT statements of a block, each once, with their parameters."""
    found: dict[str, Statement] = {}

    def collect(execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        if "EXPLAIN" not in statement and any(table in statement for table in GROWING):
            found.setdefault(f"{statement} {values}", (statement, values or ()))
        return execute(statement, values, many, context)

    collected: list[Statement] = []
    with connection.execute_wrapper(collect):
        yield collected
    collected += found.values()


def most_read(statement: Statement, *, mode: str) -> tuple[int, str]:
    """
    Return how many rows of a growing table the plan of a statement reads at most, and of which.

    :param mode: of the plan cache. A connection keeps a generic plan of what it executes often.
    """
    text, values = _numbered(*statement)
    types = f"({', '.join(_types(values))})" if values else ""
    given = sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, values)))
    explain = sql.SQL("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE shown")
    server = connection.connection.cursor()
    server.execute(f"SET LOCAL plan_cache_mode = {mode}")
    # Else tables of this size would rather be scanned than asked a hundred times.
    server.execute("SET LOCAL random_page_cost = 1.1")
    server.execute(f"PREPARE shown {types} AS {text}")
    [[[plan]]] = server.execute(explain + given if values else explain).fetchall()
    server.execute("DEALLOCATE shown")
    return max(_read(plan["Plan"]), default=(0, ""))


def _numbered(text: str, values: Any) -> tuple[str, list[Any]]:
    """Return a statement with its parameters as PREPARE takes them: by number."""
    listed: list[Any] = []

    def number(found: re.Match[str]) -> str:
        listed.append(values[found[1]] if found[1] else values[len(listed)])
        return f"${len(listed)}"

    return re.sub(r"%(?:\((\w+)\))?s", number, text).replace("%%", "%"), listed


def _types(values: list[Any]) -> Iterator[str]:
    """Yield the types that the driver gives to these parameters."""
    transformer = Transformer(connection.connection)
    transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
    known = connection.connection.adapters.types
    for oid in transformer.types or ():
        info = known.get(oid)
        is_array = info and oid == info.array_oid
        yield f"{info.regtype}{'[]' if is_array else ''}" if info else "unknown"


def _read(node: dict[str, Any]) -> Iterator[tuple[int, str]]:
    if (table := node.get("Relation Name")) in GROWING:
        rows = node["Actual Rows"] + sum(node.get(name, 0) for name in REMOVED)
        yield round(rows * node["Actual Loops"]), f"{node['Node Type']} on {table}"
    for child in node.get("Plans", ()):
        yield from _read(child)

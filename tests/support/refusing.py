"""A database that refuses statements, with errors of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

RAISE = "DO $$ BEGIN RAISE EXCEPTION '<b>no</b>' USING ERRCODE = '{}'; END $$"


@contextmanager
def refusing(part: str, sqlstate: str = "57014", *, after: int = 0) -> Iterator[None]:
    """
    Have PostgreSQL raise an error for each statement with this part, instead of executing it.

    :param after: how many of them are executed before.
    """
    left = iter(range(after))

    def execute(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        if part in sql and next(left, None) is None:
            # By a cursor of its own: that of the statement may be one of the server's, for queries.
            with connection.connection.cursor() as raw, connection.wrap_database_errors:
                raw.execute(RAISE.format(sqlstate))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(execute):
        yield

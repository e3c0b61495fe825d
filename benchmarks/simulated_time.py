"""
A clock that is moved, for this process and for its connection to PostgreSQL.

The product asks a database for the time by `statement_timestamp()`, which is found in a schema that
is searched before PostgreSQL's own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
import time_machine
from psycopg.sql import SQL, Identifier, Literal

FUNCTION = """
CREATE FUNCTION simulated.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(current_setting('simulated.now', true), '')::timestamptz,
                   pg_catalog.statement_timestamp()) $$
"""


def prepare(url: str) -> None:
    """Let sessions of an empty database find the simulated time; before it is migrated."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA simulated")
        connection.execute(FUNCTION)
        path = SQL("ALTER DATABASE {} SET search_path = public, simulated, pg_catalog")
        connection.execute(path.format(Identifier(connection.info.dbname)))


class SimulatedTime:
    """The moment that it is."""

    def __init__(self, start: datetime, traveller: time_machine.Traveller) -> None:
        """Begin at a moment."""
        self.now, self._traveller = start, traveller
        self.go_on(0)

    def go_on(self, seconds: float) -> None:
        """Let so many seconds pass, for this process and for the database."""
        from django.db import connection

        self.now += timedelta(seconds=seconds)
        self._traveller.move_to(self.now, tick=False)
        with connection.cursor() as cursor:
            moment = Literal(self.now.isoformat())
            cursor.execute(SQL("SET simulated.now = {}").format(moment).as_string())


@contextmanager
def simulated(start: datetime) -> Iterator[SimulatedTime]:
    """Yield a clock that stands still until it is moved; Django is set up before."""
    with time_machine.travel(start, tick=False) as traveller:
        yield SimulatedTime(start, traveller)

"""Who writes events in a transaction of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection

WRITE = """
    INSERT INTO workflows_event (event_type, actor, reason, payload, created_at)
    VALUES ('shop.opened', '', '', '{}', now()) RETURNING id
"""


@contextmanager
def writing() -> Iterator["tuple[psycopg.Connection, int]"]:
    """Write an event in a transaction that stays open; yield its connection, and the event's id."""
    connection.ensure_connection()
    with psycopg.connect(connection.connection.info.dsn) as other:
        row = other.execute(WRITE).fetchone()
        assert row
        yield other, row[0]

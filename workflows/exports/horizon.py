"""
Up to which event the trail can be exported: behind it, nothing with a smaller id can appear.

Ids are given before the commit, so that an event may become visible after one with a larger id;
whoever goes on after the largest id that was seen would miss it. On PostgreSQL, a transaction
holds a lock of the table from before its first event has an id until it has ended, whoever it is
and whatever clocks say. Once all transactions have ended that held it after some id was given,
every event up to that id is visible, or never will be. `CREATE INDEX CONCURRENTLY` waits in the
same way; nobody waits for the exporter. SQLite has one writer: events become visible in order.
"""

import time
from datetime import datetime

from runners.database import connection
from workflows.db.doors import check_outermost
from workflows.db.statements import select
from workflows.errors import Busy, Invalid
from workflows.models import Event

LOOK_EVERY_S = 0.005

# The latest id that was given, also by transactions that are open or were rolled back.
LATEST_ID = {
    "postgresql": """
        SELECT COALESCE(pg_sequence_last_value(
                            CAST(pg_get_serial_sequence(%(table)s, 'id') AS regclass)), 0)
    """,
    "sqlite": "SELECT COALESCE(max(seq), 0) FROM sqlite_sequence WHERE name = %(table)s",
}
# A transaction that writes to a table holds this lock of it until it has ended.
WRITERS = """
    SELECT writer.virtualtransaction, activity.xact_start
      FROM pg_locks AS writer LEFT JOIN pg_stat_activity AS activity USING (pid)
     WHERE writer.relation = CAST(%(table)s AS regclass) AND writer.mode = 'RowExclusiveLock'
       AND writer.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND writer.granted AND writer.pid IS DISTINCT FROM pg_backend_pid()
"""


class HeldBack(Busy):
    """A transaction has been open for so long that waiting for its events is no use."""

    def __init__(self, since: datetime | None) -> None:
        moment = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        text = f"another transaction that writes events has been open{moment}"
        Exception.__init__(self, f"{text}; try again when it has ended")


def settled_id(after: int, *, wait_s: float) -> int:
    """
    Return up to which id every event is visible that ever will be.

    Not inside a transaction, which might see the events as they were at its beginning.

    :param after: the cursor with which the export goes on.
    :param wait_s: how long to wait for transactions that are open.
    :raises HeldBack: if one of them is open for longer.
    :raises Invalid: if no event has ever had the cursor's id: it is that of another database.
    """
    check_outermost("An export")
    [(latest,)] = select(LATEST_ID[connection.vendor], table=Event._meta.db_table)
    if after > latest:
        text = f"No event has this id yet, the latest is {latest}: it is from another database, "
        text += "or this one was restored from a backup. Begin a new export, after 0."
        raise Invalid({"after": [text]})
    if connection.vendor == "postgresql":
        _wait_for(_writers(), wait_s)
    return int(latest)


def _writers() -> dict[str, datetime | None]:
    """Return the other transactions that write events, and when they began."""
    return dict(select(WRITERS, table=Event._meta.db_table))


def _wait_for(writers: dict[str, datetime | None], wait_s: float) -> None:
    """Wait until these transactions have ended; those that began later do not matter."""
    give_up_at = time.monotonic() + wait_s
    while writers:
        if time.monotonic() > give_up_at:
            raise HeldBack(min(filter(None, writers.values()), default=None))
        time.sleep(LOOK_EVERY_S)
        writers = {each: since for each, since in _writers().items() if each in writers}

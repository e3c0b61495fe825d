"""
Which errors say that the database refuses for now, and which that our own code is wrong.

A refusal passes: the database is away, starts, fails over, is read-only, full or too busy, has
withdrawn a right, or somebody holds a lock. Whoever gets one tries again later. A missing column,
wrong SQL or a violated constraint is a fault: trying again would not help.
"""

import sqlite3
from contextlib import suppress

from django.db import (
    DatabaseError,
    Error,
    InterfaceError,
    OperationalError,
    connections,
)
from django.db.transaction import TransactionManagementError

from runners.database import connection
from workflows.errors import Busy

REFUSING_CLASSES = {
    "08",  # the connection is lost; also whatever PgBouncer refuses
    "28",  # the role may not log in any more
    "3D",  # the database is gone, or not there yet
    "40",  # serialization failure, deadlock
    "53",  # disk full, out of memory, too many connections
    "55",  # locked by somebody else, or not accepting connections
    "57",  # canceled, shut down, starting
    "58",  # input or output failed
    "F0",  # the server's configuration
    "XX",  # internal error, corrupt data: the server's fault, not ours
}
"""Classes of SQLSTATEs: their first two characters."""
REFUSING_STATES = {
    "0A000",  # "cached plan must not change result type": a migration; reconnecting helps
    "25006",  # read-only: `default_transaction_read_only`, or a standby
    "25P03",  # idle in the transaction for too long
    "25P04",  # the transaction took too long
    "26000",  # the pooler has forgotten a prepared statement
    "42501",  # a right was withdrawn
    "42P05",  # the pooler has kept a prepared statement of somebody else
}
HIDDEN_STATES = {"3F000", "42P01"}
"""What is said of a schema that the role may no longer use; also if a table is really missing."""
PASSING_STATES = {"40001", "40P01", "55P03", "57014"}
"""Serialization failure, deadlock, lock or statement time-out: the connection is as good as new."""
REFUSING_CODES = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_NOTADB,
}
PASSING_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT}
PRIMARY_CODE = 0xFF
"""Masks the part of an SQLite error code that says what kind of error it is."""


def is_refusal(exc: BaseException | None) -> bool:
    """Return True if an error says that the database refuses for now."""
    if isinstance(exc, Busy):
        return True
    if isinstance(exc, TransactionManagementError):  # a statement after the one that was refused
        return is_refusal(exc.__cause__)
    if not isinstance(exc, Error):
        return False
    state, code = _state_and_code(exc)
    if code is not None:
        return code in REFUSING_CODES
    if not state:  # nothing was answered
        return isinstance(exc, OperationalError | InterfaceError)
    if state in HIDDEN_STATES:
        return _is_schema_hidden()
    return state in REFUSING_STATES or state[:2] in REFUSING_CLASSES


def is_passing(exc: BaseException) -> bool:
    """Return True if a refusal is about one statement or row: everything else may go on."""
    state, code = _state_and_code(exc)
    return isinstance(exc, Busy) or state in PASSING_STATES or code in PASSING_CODES


def is_silence(exc: BaseException) -> bool:
    """Return True if the database has not answered, or says that it does not serve."""
    state, code = _state_and_code(exc)
    if isinstance(exc, Busy):
        return False
    if code is not None:  # readers of SQLite wait only if somebody has locked all of it
        return code == sqlite3.SQLITE_BUSY
    return not state or (state[:2] in {"08", "57"} and state not in PASSING_STATES)


def refusal_behind(exc: BaseException | None) -> BaseException | None:
    """Return the refusal that has led to an error, if there is one."""
    while exc is not None and not is_refusal(exc):
        exc = exc.__cause__ or exc.__context__
    return exc


def leave_connections(exc: BaseException) -> None:
    """
    Have the next statement connect anew after a refusal, unless it was about one statement alone.

    Also if the connection answers: since a failover, it may be read-only as long as it is kept.
    """
    if is_refusal(exc) and not is_passing(exc):
        for each in connections.all(initialized_only=True):
            if not each.in_atomic_block:
                each.close()


def _state_and_code(exc: BaseException) -> tuple[str | None, int | None]:
    """Return the SQLSTATE of PostgreSQL, or the error code of SQLite."""
    driver = exc.__cause__
    code = getattr(driver, "sqlite_errorcode", None)
    return getattr(driver, "sqlstate", None), None if code is None else code & PRIMARY_CODE


def _is_schema_hidden() -> bool:
    """Return True if the role may use no schema of its search path: then no table is found."""
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT current_schema() IS NULL")
        return bool(cursor.fetchone()[0])
    return False

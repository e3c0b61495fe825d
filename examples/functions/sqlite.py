"""Copies a SQLite database while others write to it."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

from examples.functions.folders import DamagedError

COPY = "database.sqlite3"
RESTORED = "restored.sqlite3"

HOW_TO_RESTORE = """\
Stop the site and its runners, then replace the database by the copy:

    rm -f {database}-wal {database}-shm
    cp {folder}/database.sqlite3 {database}"""
COVERS = "the whole database: tables, indexes and rows"


def database() -> str:
    """Return the path of the live database."""
    return str(connection.settings_dict["NAME"])


def take(folder: Path) -> dict[str, Any]:
    """Copy the live database into a folder; return the number of rows of each table."""
    with closing(_open(database())) as live, closing(sqlite3.connect(folder / COPY)) as copy:
        live.execute("BEGIN")  # so that the counts and the copy read the same snapshot
        tables = _row_counts(live)
        live.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # a single file, without a write-ahead log
    return {"tables": {table: {"rows": rows} for table, rows in tables.items()}}


def check_integrity(folder: Path, manifest: dict[str, Any]) -> str:
    """
    Check every page, index and foreign key of the copy with SQLite.

    :raises DamagedError: with the messages of SQLite.
    """
    with _reading(folder / COPY) as copy:
        found = [text for (text,) in copy.execute("PRAGMA integrity_check")]
        orphans = copy.execute("PRAGMA foreign_key_check").fetchall()
    if found != ["ok"] or orphans:
        wrong = [text for text in found if text != "ok"]
        wrong += [
            f"{table}: row {row} references a missing row of {parent}"
            for table, row, parent, _ in orphans
        ]
        raise DamagedError(f"{folder / COPY}: {'; '.join(wrong[:10])}")
    return "every page, index and foreign key is sound"


def count_rows(folder: Path, manifest: dict[str, Any]) -> dict[str, int]:
    """Count the rows of each table of the copy."""
    with _reading(folder / COPY) as copy:
        return _row_counts(copy)


def restore(folder: Path, manifest: dict[str, Any]) -> str:
    """Restore the copy to a database beside it; return its path."""
    scratch = folder / RESTORED
    scratch.unlink(missing_ok=True)
    with _reading(folder / COPY) as copy, closing(sqlite3.connect(scratch)) as restored:
        copy.backup(restored)
    return str(scratch)


def compare(folder: Path, manifest: dict[str, Any], scratch: str) -> dict[str, int]:
    """
    Compare the restored database with the copy, value by value; return its rows by table.

    :raises DamagedError: naming the tables that differ.
    """
    with _reading(folder / COPY) as copy, _reading(scratch) as restored:
        expected, found = _contents(copy), _contents(restored)
        if expected != found:
            differing = sorted({table for table, _ in expected.items() ^ found.items()})
            raise DamagedError(f"{scratch} differs from the copy in: {', '.join(differing)}")
        return _row_counts(restored)


def discard(scratch: str) -> None:
    """Remove a restored database."""
    Path(scratch).unlink(missing_ok=True)


@contextmanager
def _reading(path: str | Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(_open(path)) as database:
            yield database
    except sqlite3.DatabaseError as exc:
        raise DamagedError(f"{path}: {exc}") from exc


def _open(path: str | Path) -> sqlite3.Connection:
    uri = f"{Path(path).absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=20)


def _tables(database: sqlite3.Connection) -> dict[str, str]:
    """Return the definition of each table."""
    names = "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"
    return {name: sql for name, sql in database.execute(names) if not name.startswith("sqlite_")}


def _row_counts(database: sqlite3.Connection) -> dict[str, int]:
    counts = {}
    for table in _tables(database):
        (counts[table],) = database.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()
    return counts


def _contents(database: sqlite3.Connection) -> dict[str, str]:
    """Return a checksum of each table: its definition, and every row."""
    digests = {}
    for table, definition in _tables(database).items():
        digest = hashlib.sha256(definition.encode())
        for row in database.execute(f"SELECT * FROM {_quoted(table)}"):
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
        digests[table] = digest.hexdigest()
    return digests


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

"""
Copies the rows of a PostgreSQL database, without pg_dump.

COPY writes every table of the current schema, in one transaction with one snapshot. The
definitions of the tables are not copied: `manage.py migrate` creates them.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection, transaction
from psycopg import Cursor
from psycopg.sql import SQL, Composed, Identifier, Literal

from examples.functions.folders import DamagedError, sha256

SCRIPT = "restore.sql"

HOW_TO_RESTORE = """\
Create an empty database and its tables with `manage.py migrate`, then run in {folder}:

    psql "$DATABASE_URL" -v ON_ERROR_STOP=1 --single-transaction -f restore.sql"""
COVERS = (
    "the rows of every table of the current schema, and the sequences; "
    "not the definitions of the tables (`manage.py migrate` creates them), roles or settings"
)

TABLES = """
    SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
       AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     GROUP BY c.relname ORDER BY c.relname
"""
SEQUENCES = """
    SELECT sequencename, last_value FROM pg_sequences
     WHERE schemaname = current_schema() AND last_value IS NOT NULL ORDER BY sequencename
"""


def database() -> str:
    """Return the name and host of the live database, without secrets."""
    settings = connection.settings_dict
    return f"{settings['NAME']} on {settings['HOST'] or 'this machine'}"


def take(folder: Path) -> dict[str, Any]:
    """Copy each table to its own file; return the columns and the number of rows."""
    tables = {}
    with _session(is_snapshot=True) as cursor:
        sequences = dict(cursor.execute(SEQUENCES).fetchall())
        for table, columns in cursor.execute(TABLES).fetchall():
            name = f"{quote(table, safe='')}.copy"
            with (folder / name).open("wb") as file:
                for piece in _copy_out(cursor, Identifier(table), columns):
                    file.write(piece)
            rows = _count_table(cursor, Identifier(table))
            tables[table] = {"file": name, "columns": columns, "rows": rows}
        script = "".join(f"{line}\n" for line in _restore_script(cursor, tables, sequences))
    (folder / SCRIPT).write_text(script, encoding="utf-8")
    return {"tables": tables, "sequences": sequences}


def check_integrity(folder: Path, manifest: dict[str, Any]) -> str:
    """
    Check that every line of the copy is text with one value for each column.

    :raises DamagedError: naming file and line.
    """
    for about in manifest["tables"].values():
        for number, line in enumerate(_rows_of_file(folder / about["file"]), start=1):
            where = f"{folder / about['file']}, line {number}"
            try:
                values = line.decode().split("\t")
            except UnicodeDecodeError as exc:
                raise DamagedError(f"{where}: not UTF-8") from exc
            if len(values) != len(about["columns"]):
                expected = f"{len(about['columns'])} columns"
                raise DamagedError(f"{where}: {len(values)} values for {expected}")
    return "every line is text with one value for each column"


def count_rows(folder: Path, manifest: dict[str, Any]) -> dict[str, int]:
    """Count the rows of each table of the copy: COPY writes one line per row."""
    return {
        table: sum(1 for _ in _rows_of_file(folder / about["file"]))
        for table, about in manifest["tables"].items()
    }


def restore(folder: Path, manifest: dict[str, Any]) -> str:
    """Load the copy into a new schema of this database, with constraints; return its name."""
    scratch = f"restored_{folder.name}"
    with _session() as cursor:
        cursor.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(scratch)))
        cursor.execute(SQL("CREATE SCHEMA {}").format(Identifier(scratch)))
        for table, about in manifest["tables"].items():
            target = Identifier(scratch, table)
            like = SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)")
            cursor.execute(like.format(target, Identifier(table)))
            statement = SQL("COPY {} ({}) FROM STDIN").format(
                target, _comma_separated(about["columns"])
            )
            with cursor.copy(statement) as copy, (folder / about["file"]).open("rb") as file:
                while piece := file.read(1 << 20):
                    copy.write(piece)
    return scratch


def compare(folder: Path, manifest: dict[str, Any], scratch: str) -> dict[str, int]:
    """
    Copy the restored tables out again and compare them byte by byte; return their rows.

    :raises DamagedError: naming the tables that differ.
    """
    rows, differing = {}, []
    with _session(is_snapshot=True) as cursor:
        for table, about in manifest["tables"].items():
            found = hashlib.sha256()
            for piece in _copy_out(cursor, Identifier(scratch, table), about["columns"]):
                found.update(piece)
            if found.hexdigest() != sha256(folder / about["file"]):
                differing.append(table)
            rows[table] = _count_table(cursor, Identifier(scratch, table))
    if differing:
        raise DamagedError(f"schema {scratch} differs from the copy in: {', '.join(differing)}")
    return rows


def discard(scratch: str) -> None:
    """Remove a restored schema."""
    with _session() as cursor:
        cursor.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(scratch)))


@contextmanager
def _session(*, is_snapshot: bool = False) -> Iterator[Cursor[Any]]:
    """Open a transaction; a snapshot reads one moment, and each table in a stable order."""
    with transaction.atomic(), connection.cursor(), connection.connection.cursor() as cursor:
        if is_snapshot:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL synchronize_seqscans = off")
        yield cursor


def _count_table(cursor: Cursor[Any], table: Identifier) -> int:
    row = cursor.execute(SQL("SELECT count(*) FROM {}").format(table)).fetchone()
    return int(row[0]) if row else 0


def _copy_out(cursor: Cursor[Any], table: Identifier, columns: Iterable[str]) -> Iterator[bytes]:
    statement = SQL("COPY {} ({}) TO STDOUT").format(table, _comma_separated(columns))
    with cursor.copy(statement) as copy:
        for piece in copy:
            yield bytes(piece)


def _comma_separated(names: Iterable[str]) -> Composed:
    return SQL(", ").join(map(Identifier, names))


def _rows_of_file(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            for line in file:
                yield line.removesuffix(b"\n")
    except OSError as exc:
        raise DamagedError(f"{path}: {exc.strerror}") from exc


def _restore_script(
    cursor: Cursor[Any], tables: dict[str, Any], sequences: dict[str, int]
) -> Iterator[str]:
    """Yield the lines of a psql script, to be run in the folder of the backup."""
    yield "-- Replaces every row of these tables. See report.md."
    yield SQL("TRUNCATE TABLE {};").format(_comma_separated(tables)).as_string(cursor)
    for table, about in tables.items():
        into = SQL("{} ({})").format(Identifier(table), _comma_separated(about["columns"]))
        yield rf"\copy {into.as_string(cursor)} FROM {Literal(about['file']).as_string(cursor)}"
    for sequence, value in sequences.items():
        name = Literal(Identifier(sequence).as_string(cursor)).as_string(cursor)
        yield f"SELECT setval({name}, {value});"

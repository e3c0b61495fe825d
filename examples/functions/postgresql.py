"""
Copies of a PostgreSQL database's rows, without any program of PostgreSQL.

Every table of the current schema is written by COPY within one transaction that sees one moment.
The definitions of the tables are not copied: they come with the code, by `manage.py migrate`.
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
Make an empty database, let `manage.py migrate` make its tables, then, in {folder}:

    psql "$DATABASE_URL" -v ON_ERROR_STOP=1 --single-transaction -f restore.sql"""
COVERS = (
    "the rows of every table of the current schema, and the sequences; "
    "not the definitions of the tables (they come with the code), roles or settings"
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
    """Return where the live database is, without secrets."""
    settings = connection.settings_dict
    return f"{settings['NAME']} on {settings['HOST'] or 'this machine'}"


def take(folder: Path) -> dict[str, Any]:
    """Copy every table into a file of its own; return their columns and rows at that moment."""
    tables = {}
    with _session(is_snapshot=True) as cursor:
        sequences = dict(cursor.execute(SEQUENCES).fetchall())
        for table, columns in cursor.execute(TABLES).fetchall():
            name = f"{quote(table, safe='')}.copy"
            with (folder / name).open("wb") as file:
                for piece in _copied_out(cursor, Identifier(table), columns):
                    file.write(piece)
            rows = _count(cursor, Identifier(table))
            tables[table] = {"file": name, "columns": columns, "rows": rows}
        script = "".join(f"{line}\n" for line in _restore_script(cursor, tables, sequences))
    (folder / SCRIPT).write_text(script, encoding="utf-8")
    return {"tables": tables, "sequences": sequences}


def check_integrity(folder: Path, manifest: dict[str, Any]) -> str:
    """
    Read every line of the copy: it is text, with one value for each column.

    :raises DamagedError: naming file and line.
    """
    for about in manifest["tables"].values():
        for number, line in enumerate(_lines(folder / about["file"]), start=1):
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
    """Count the rows of each table of the copy: COPY writes one line for each."""
    return {
        table: sum(1 for _ in _lines(folder / about["file"]))
        for table, about in manifest["tables"].items()
    }


def restore(folder: Path, manifest: dict[str, Any]) -> str:
    """Load the copy into a new schema of this database, under its constraints; return its name."""
    scratch = f"restored_{folder.name}"
    with _session() as cursor:
        cursor.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(scratch)))
        cursor.execute(SQL("CREATE SCHEMA {}").format(Identifier(scratch)))
        for table, about in manifest["tables"].items():
            target = Identifier(scratch, table)
            like = SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)")
            cursor.execute(like.format(target, Identifier(table)))
            statement = SQL("COPY {} ({}) FROM STDIN").format(target, _listed(about["columns"]))
            with cursor.copy(statement) as copy, (folder / about["file"]).open("rb") as file:
                while piece := file.read(1 << 20):
                    copy.write(piece)
    return scratch


def compare(folder: Path, manifest: dict[str, Any], scratch: str) -> dict[str, int]:
    """
    Copy the restored tables out again and compare byte by byte; return their rows.

    :raises DamagedError: naming the tables that differ.
    """
    rows, differing = {}, []
    with _session(is_snapshot=True) as cursor:
        for table, about in manifest["tables"].items():
            found = hashlib.sha256()
            for piece in _copied_out(cursor, Identifier(scratch, table), about["columns"]):
                found.update(piece)
            if found.hexdigest() != sha256(folder / about["file"]):
                differing.append(table)
            rows[table] = _count(cursor, Identifier(scratch, table))
    if differing:
        raise DamagedError(f"schema {scratch} differs from the copy in: {', '.join(differing)}")
    return rows


def discard(scratch: str) -> None:
    """Remove a restored schema."""
    with _session() as cursor:
        cursor.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(scratch)))


@contextmanager
def _session(*, is_snapshot: bool = False) -> Iterator[Cursor[Any]]:
    """Open a transaction; a snapshot sees one moment, and every table in its own order."""
    with transaction.atomic(), connection.cursor(), connection.connection.cursor() as cursor:
        if is_snapshot:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL synchronize_seqscans = off")
        yield cursor


def _count(cursor: Cursor[Any], table: Identifier) -> int:
    row = cursor.execute(SQL("SELECT count(*) FROM {}").format(table)).fetchone()
    return int(row[0]) if row else 0


def _copied_out(cursor: Cursor[Any], table: Identifier, columns: Iterable[str]) -> Iterator[bytes]:
    statement = SQL("COPY {} ({}) TO STDOUT").format(table, _listed(columns))
    with cursor.copy(statement) as copy:
        for piece in copy:
            yield bytes(piece)


def _listed(names: Iterable[str]) -> Composed:
    return SQL(", ").join(map(Identifier, names))


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            for line in file:
                yield line.removesuffix(b"\n")
    except OSError as exc:
        raise DamagedError(f"{path}: {exc.strerror}") from exc


def _restore_script(
    cursor: Cursor[Any], tables: dict[str, Any], sequences: dict[str, int]
) -> Iterator[str]:
    """Yield the lines of a script for psql; run it in the folder of the backup."""
    yield "-- Replaces every row of these tables. See report.md."
    yield SQL("TRUNCATE TABLE {};").format(_listed(tables)).as_string(cursor)
    for table, about in tables.items():
        into = SQL("{} ({})").format(Identifier(table), _listed(about["columns"]))
        yield rf"\copy {into.as_string(cursor)} FROM {Literal(about['file']).as_string(cursor)}"
    for sequence, value in sequences.items():
        name = Literal(Identifier(sequence).as_string(cursor)).as_string(cursor)
        yield f"SELECT setval({name}, {value});"

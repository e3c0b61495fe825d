"""Damage that is specific to SQLite copies."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from examples.functions import backup, sqlite
from examples.functions.folders import DamagedError

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="needs SQLite")


def change(path: Path | str, *statements: str) -> None:
    """Change a database directly."""
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def test_copy_is_a_single_file_also_while_it_is_read(folder: Path) -> None:
    with closing(sqlite3.connect(folder / sqlite.COPY)) as database:
        assert database.execute("SELECT count(*) FROM auth_user").fetchone() == (50,)
        assert not [*folder.glob("*-wal"), *folder.glob("*-shm")]


@pytest.mark.parametrize("check", [backup.check_integrity, backup.count_rows, backup.restore])
def test_file_that_is_not_a_database_is_found(check: object, folder: Path) -> None:
    path = folder / sqlite.COPY
    path.write_bytes(b"not a database at all" * 1_000)
    assert callable(check)
    with pytest.raises(DamagedError, match=f"{path}: file is not a database"):
        check(str(folder))


def test_overwritten_pages_are_found(folder: Path) -> None:
    path = folder / sqlite.COPY
    content = bytearray(path.read_bytes())
    content[8192 : len(content) // 2] = b"\xff" * (len(content) // 2 - 8192)
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=str(path)):
        backup.check_integrity(str(folder))


def test_row_with_a_broken_foreign_key_is_found(folder: Path) -> None:
    change(folder / sqlite.COPY, "PRAGMA foreign_keys = off", "DELETE FROM workflows_workflowrun")
    with pytest.raises(DamagedError, match="references a missing row of workflows_workflowrun"):
        backup.check_integrity(str(folder))


def test_differing_restored_value_is_found_and_the_scratch_discarded(
    folder: Path,
) -> None:
    scratch = backup.restore(str(folder))["scratch"]
    change(
        scratch, "UPDATE auth_user SET first_name = 'y' WHERE id = (SELECT min(id) FROM auth_user)"
    )
    with pytest.raises(DamagedError, match=r"differs from the copy in: auth_user$"):
        backup.compare(str(folder), scratch)
    assert not Path(scratch).exists()

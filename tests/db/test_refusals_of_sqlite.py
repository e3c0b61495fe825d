"""Which errors of SQLite are refusals, and which are faults of ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.db.backends.sqlite3.base import DatabaseWrapper

from workflows.db.refusals import is_passing, is_refusal, is_silence


@pytest.fixture
def sqlite(db: None, tmp_path: Path) -> Iterator[DatabaseWrapper]:
    """Connect to a small SQLite database of its own."""
    settings = {**connection.settings_dict, "NAME": str(tmp_path / "db"), "OPTIONS": {"timeout": 0}}
    own = DatabaseWrapper(settings)
    with own.cursor() as cursor:
        cursor.execute("CREATE TABLE task (id INTEGER PRIMARY KEY, note TEXT)")
    yield own
    own.close()


def raised_by(sqlite: DatabaseWrapper, *statements: str) -> DatabaseError:
    """Return what SQLite raises for the last of some statements."""
    *before, last = statements
    with sqlite.cursor() as cursor:
        for statement in before:
            cursor.execute(statement)
        with pytest.raises(DatabaseError) as caught:
            cursor.execute(last)
    return caught.value


@pytest.mark.parametrize(
    ("statements", "refuses"),
    [
        (["PRAGMA query_only = on", "DELETE FROM task"], True),  # attempt to write a readonly …
        (["PRAGMA max_page_count = 3", "INSERT INTO task VALUES (1, zeroblob(99999))"], True),
        (["SELECT * FROM nothing"], False),
        (["SELEKT 1"], False),
    ],
)
def test_statement_that_sqlite_refuses_or_finds_wrong(
    sqlite: DatabaseWrapper, statements: list[str], refuses: bool
) -> None:
    assert is_refusal(raised_by(sqlite, *statements)) is refuses


def test_locked_sqlite_database_is_refused(sqlite: DatabaseWrapper) -> None:
    other = sqlite.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN EXCLUSIVE")
    exc = raised_by(sqlite, "BEGIN IMMEDIATE")
    other.close()
    assert (is_refusal(exc), is_passing(exc), is_silence(exc)) == (True, True, True)


def test_file_that_is_no_database_or_cannot_be_opened_is_refused(db: None, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("this is no database" * 100)
    for name in ("text", "nowhere/db"):
        settings = {**connection.settings_dict, "NAME": str(tmp_path / name), "OPTIONS": {}}
        with pytest.raises(DatabaseError) as caught, DatabaseWrapper(settings).cursor() as cursor:
            cursor.execute("SELECT * FROM sqlite_master")
        assert is_refusal(caught.value), name

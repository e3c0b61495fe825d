"""The example that dumps PostgreSQL removes old dumps only once the new one was restored."""

import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from tests.examples.running import FOLDER, finish_by_service, log_of, retry, run_example
from tests.management.conftest import Started
from tests.support.database import database_url
from tests.support.verbs import states

PROGRAMS = ("psql", "pg_dump", "pg_restore", "createdb", "dropdb")

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)), reason=f"needs {PROGRAMS} on PATH"),
]

TABLES = """
CREATE TABLE goods (id int PRIMARY KEY, name text);
INSERT INTO goods SELECT n, 'thing ' || n FROM generate_series(1, 100) n;
CREATE SCHEMA "Old shop";
CREATE TABLE "Old shop"."it's | sold" (day date) PARTITION BY RANGE (day);
CREATE TABLE "Old shop".sold_2026 PARTITION OF "Old shop"."it's | sold"
    FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO "Old shop".sold_2026 VALUES ('2026-01-31');
"""
# pg_restore sets no search_path, so it cannot find the table: what is dumped cannot be restored.
CANNOT_BE_RESTORED = """
CREATE FUNCTION few() RETURNS bool LANGUAGE sql AS 'SELECT count(*) < 1000 FROM goods';
CREATE TABLE orders (id int CHECK (few()));
INSERT INTO orders VALUES (1);
"""
CAN_BE_RESTORED = """
CREATE OR REPLACE FUNCTION few() RETURNS bool LANGUAGE sql
    AS 'SELECT count(*) < 1000 FROM public.goods';
"""


@dataclass(frozen=True)
class Shop:
    """A database, and the folder in which its dumps are."""

    name: str
    server: dict[str, Any]
    folder: Path

    def execute(self, statements: str) -> None:
        """Change the database."""
        with psycopg.connect(**self.server, dbname=self.name, autocommit=True) as database:
            for statement in statements.split(";\n"):
                database.execute(statement)

    @property
    def parameters(self) -> dict[str, Any]:
        """How the example reaches it."""
        names = {"host", "port", "user", "password"} & self.server.keys()
        given = {name: str(self.server[name]) for name in names}
        return {**given, "database": self.name, "directory": str(self.folder.parent)}

    def have(self, *names: str) -> None:
        """Put files into the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (self.folder / name).touch()

    def files(self) -> list[str]:
        """Return the names of what is in the folder."""
        return sorted(path.name for path in self.folder.iterdir())

    def scratch_databases(self) -> list[str]:
        """Return the names of the databases to which dumps were restored."""
        with psycopg.connect(**self.server, dbname="postgres") as database:
            found = database.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE 'restore%'"
            )
            return [name for (name,) in found.fetchall()]


def dump(name: str) -> tuple[str, str]:
    """Return the names of the files of a proved dump."""
    return f"{name}.dump", f"{name}.dump.sha256"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Return a database with a few tables; the directories of runs are in `runs`."""
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    server: dict[str, Any] = {**conninfo_to_dict(database_url())}
    server.pop("dbname")
    name = f"shop-{uuid.uuid4()}"
    with psycopg.connect(**server, dbname="postgres", autocommit=True) as postgres:
        postgres.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            made = Shop(name, server, tmp_path / "dumps" / name)
            made.execute(TABLES)
            yield made
        finally:
            postgres.execute(SQL("DROP DATABASE {}").format(Identifier(name)))


def test_dump_is_restored_and_replaces_the_oldest(shop: Shop) -> None:
    shop.have("2026-01-29T021500_run-1.dump.unproved", *dump("2026-01-30T021500_run-2"))
    shop.have(*dump("2026-01-31T021500_run-3"), "2026-02-01T021500_run-4.dump.unproved", "notes")
    run, done = run_example("postgres_dump", **shop.parameters, keep=2)
    assert (done.returncode, done.stderr) == (0, "")
    assert log_of(run, "restore") == "3 tables, 102 rows: all were restored.\n"
    made = run.created_at.strftime(f"%Y-%m-%dT%H%M%S_run-{run.pk}")
    kept = [*dump("2026-01-31T021500_run-3"), "2026-02-01T021500_run-4.dump.unproved", *dump(made)]
    assert shop.files() == [*kept, "notes"]
    assert (shop.folder / f"{made}.dump").stat().st_mode & 0o777 == 0o600
    assert shop.scratch_databases() == []


def test_dump_that_cannot_be_restored_removes_none(shop: Shop) -> None:
    shop.have(*dump("2026-01-30T021500_run-1"), *dump("2026-01-31T021500_run-2"))
    shop.execute(CANNOT_BE_RESTORED)
    run, done = run_example("postgres_dump", **shop.parameters, keep=1)
    assert done.returncode == 1
    assert 'relation "goods" does not exist' in done.stderr
    made = run.created_at.strftime(f"%Y-%m-%dT%H%M%S_run-{run.pk}")
    assert shop.files() == [
        *dump("2026-01-30T021500_run-1"),
        *dump("2026-01-31T021500_run-2"),
        *(f"{made}.dump.sha256", f"{made}.dump.unproved"),
    ]
    assert shop.scratch_databases() == []


def test_restore_without_rows_is_found(shop: Shop, tmp_path: Path) -> None:
    changed = tmp_path / "changed.yaml"
    text = (FOLDER / "postgres_dump.yaml").read_text()
    changed.write_text(text.replace("--exit-on-error", "--exit-on-error --schema-only"))
    run, done = run_example("postgres_dump", file=changed, **shop.parameters)
    assert states(run)["restore"] == "failed"
    assert "Tables have different numbers of rows" in done.stderr
    assert "< public.goods|100" in done.stderr
    assert "> public.goods|0" in done.stderr
    assert shop.scratch_databases() == []


def test_rows_are_counted_as_they_are_dumped_while_others_write(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others_write = tmp_path / "bin" / "pg_dump"
    others_write.parent.mkdir()
    insert = "INSERT INTO goods SELECT n, '' FROM generate_series(1001, 2000) n"
    others_write.write_text(
        f'#!/bin/sh\nenv -u SNAPSHOT psql -qc "{insert}"\nexec {shutil.which("pg_dump")} "$@"\n'
    )
    others_write.chmod(0o755)
    monkeypatch.setenv("PATH", f"{others_write.parent}:{os.environ['PATH']}")
    run, done = run_example("postgres_dump", **shop.parameters)
    assert (done.returncode, done.stderr) == (0, "")
    assert "102 rows: all were restored" in log_of(run, "restore")


def test_scratch_database_of_a_killed_attempt_is_dropped_by_the_next(
    shop: Shop, started: Started, tmp_path: Path
) -> None:
    shop.execute(CANNOT_BE_RESTORED)
    run, _ = run_example("postgres_dump", **shop.parameters)
    shop.execute('CREATE DATABASE "restore_test_left"')
    [directory] = (tmp_path / "runs").iterdir()
    (directory / "scratch").write_text("restore_test_left\n")
    shop.execute(CAN_BE_RESTORED)
    retry(run, "dump", how="retry-downstream")
    assert finish_by_service(run, started) == "success"
    assert shop.scratch_databases() == []
    assert [name.partition("_")[2] for name in shop.files()] == [*dump(f"run-{run.pk}")]


def test_unknown_database_is_named_and_nothing_is_left(shop: Shop) -> None:
    run, done = run_example("postgres_dump", **{**shop.parameters, "database": "nowhere"})
    assert states(run)["dump"] == "failed"
    assert 'database "nowhere" does not exist' in done.stderr
    assert not [*shop.folder.parent.glob("nowhere/*")]

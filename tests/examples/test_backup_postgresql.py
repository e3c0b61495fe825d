"""Damage that is specific to PostgreSQL copies, and the restore script."""

import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from examples.functions import backup, postgresql
from examples.functions.folders import DamagedError
from tests.support.database import database_url

pytestmark = pytest.mark.postgres


def test_line_with_a_missing_value_is_found(folder: Path) -> None:
    path = folder / "auth_user.copy"
    first, tab, rest = path.read_text().partition("\t")
    path.write_text(first + rest)
    with pytest.raises(DamagedError, match=r"auth_user\.copy, line 1: 10 values for 11 columns"):
        backup.check_integrity(str(folder))
    assert tab


def test_line_that_is_not_text_is_found(folder: Path) -> None:
    path = folder / "auth_user.copy"
    path.write_bytes(path.read_bytes().replace(b"x", b"\xff", 1))
    with pytest.raises(DamagedError, match=r"auth_user\.copy, line 1: not UTF-8"):
        backup.check_integrity(str(folder))


def test_duplicate_row_is_not_restored(folder: Path) -> None:
    path = folder / "auth_user.copy"
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(psycopg.errors.UniqueViolation):
        backup.restore(str(folder))


def test_differing_restored_value_is_found_and_the_scratch_discarded(
    folder: Path,
) -> None:
    scratch = backup.restore(str(folder))["scratch"]
    with connection.cursor() as cursor:
        cursor.execute(f"""UPDATE "{scratch}".auth_user SET first_name = 'y'""")
    with pytest.raises(DamagedError, match=r"differs from the copy in: auth_user$"):
        backup.compare(str(folder), scratch)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [scratch])
        assert cursor.fetchone() is None


@pytest.mark.skipif(not shutil.which("psql"), reason="needs psql on the PATH")
def test_the_script_of_the_report_restores_every_row(folder: Path) -> None:
    tables = backup.count_rows(str(folder))["tables"]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
    subprocess.run(
        [
            *["psql", database_url(), "-v", "ON_ERROR_STOP=1"],
            *["--single-transaction", "-f", postgresql.SCRIPT],
        ],
        cwd=folder,
        capture_output=True,
        check=True,
    )
    again = Path(backup.snapshot(directory=str(folder.parent))["folder"])
    for table in tables:
        name = f"{table}.copy"
        assert (again / name).read_bytes() == (folder / name).read_bytes()
    assert (again / postgresql.SCRIPT).read_text() == (folder / postgresql.SCRIPT).read_text()

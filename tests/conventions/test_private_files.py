"""The files of an installation that hold secrets are readable by its own user only."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from orchestrator.private_files import PrivateConnection, create_once
from tests.conventions.test_settings import ROOT, run

pytestmark = pytest.mark.slow


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_new_database_is_private_with_all_that_sqlite_keeps_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    script = f"""
import django, pathlib
django.setup()
from django.db import connection
connection.cursor().execute("CREATE TABLE t (a)")
print(*sorted(oct(each.stat().st_mode & 0o777) for each in pathlib.Path("{tmp_path}").iterdir()))
"""
    ended = run(
        "-c",
        script,
        settings={
            "DATABASE_URL": f"sqlite:///{path}",
            "DJANGO_SETTINGS_MODULE": "orchestrator.settings",
            "SECRET_KEY": "x",
        },
    )
    assert (ended.stdout.split(), ended.stderr) == (["0o600"] * 3, "")


def test_databases_that_are_no_files_are_left_to_sqlite(tmp_path: Path) -> None:
    for name in (":memory:", "file:shared?mode=memory", ""):
        PrivateConnection(name, uri=True).close()
    assert list(tmp_path.iterdir()) == []


def test_secret_key_is_created_whole_and_once(tmp_path: Path) -> None:
    path = tmp_path / ".secret_key"
    assert create_once(path, "first")
    assert not create_once(path, "second")
    assert (path.read_text(), mode(path)) == ("first", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_readable_file_is_named_with_the_remedy(tmp_path: Path, settings: Settings) -> None:
    settings.BASE_DIR = tmp_path
    path = tmp_path / ".secret_key"
    path.write_text("x")
    [warning] = run_checks()
    assert f"can read what holds secrets: {path}" in warning.msg
    assert f"chmod 600 {path}" in (warning.hint or "")
    path.chmod(0o600)
    assert str(path) not in f"{run_checks()}"


def test_readable_database_is_named_by_manage_py(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    path.touch(0o640)
    ended = run("manage.py", "check", at=ROOT, settings={"DATABASE_URL": f"sqlite:///{path}"})
    assert ended.returncode == 0
    assert f"chmod 600 {path}" in ended.stderr

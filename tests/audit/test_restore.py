"""In a restored copy of a live installation, the trail explains every row."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from tests.audit.test_clean_runs import STORIES
from tests.factories import RunFactory, RunnerFactory
from tests.support.actors import who
from tests.support.database import database_url, environment
from tests.support.drawing import DrawRun
from tests.support.postgres import _programs
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch_all, start
from workflows import operations
from workflows.models import RunState, TaskAttempt, TaskState, WorkflowRun

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
COPY = "restored"


def manage(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
    """Run a management command on this database."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=environment(DATABASE_URL=url),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def live(runs: DrawRun, script: Script) -> WorkflowRun:
    """Create runs with all kinds of histories; return one whose executor is gone."""
    for story in STORIES:
        story(runs("a > b > c"), script)
        script.on_submit = None
        script.refusals.clear()
    operations.pause(runs("a").pk, by=who("ada"))
    RunnerFactory.create(name="here", kind="local")
    running = RunFactory.create(template__drawing="a > b, c", template__runner="here")
    dispatch_all(running)
    start(running, "a")
    assert set(RunState) == set(WorkflowRun.objects.values_list("state", flat=True))
    assert {*TaskState} == {*WorkflowRun.objects.values_list("tasks__state", flat=True)}
    expired = timezone.now() - timedelta(minutes=5)
    TaskAttempt.objects.filter(pk=attempt(running, "a").pk).update(lease_expires_at=expired)
    return running


@pytest.fixture
def restored(live: WorkflowRun, tmp_path: Path) -> Iterator[str]:
    """Copy the live database as documented; return the URL of the copy."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(connection.settings_dict["NAME"])) as database:
            database.execute("VACUUM INTO ?", [str(tmp_path / COPY)])
        (tmp_path / COPY).chmod(0o600)
        yield f"sqlite:///{quote(str(tmp_path / COPY))}"
    else:
        yield from _restored_by_programs(tmp_path / "dump")


def _restored_by_programs(dump: Path) -> Iterator[str]:
    folder = _programs()
    pg_dump = shutil.which("pg_dump", path=str(folder) if folder else None)
    if not pg_dump:
        pytest.skip("needs pg_dump")
    name, url = connection.settings_dict["NAME"], database_url()
    other = url.replace(f"/{name}?", f"/{name}_{COPY}?")
    subprocess.run([pg_dump, "-Fc", "-f", str(dump), "-d", url], check=True)
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}_{COPY}"')
        try:
            pg_restore = str(Path(pg_dump).with_name("pg_restore"))
            subprocess.run([pg_restore, "--no-owner", "-d", other, str(dump)], check=True)
            yield other
        finally:
            server.execute(f'DROP DATABASE "{name}_{COPY}" WITH (FORCE)')


def test_restored_installation_verifies_clean(restored: str) -> None:
    assert manage("migrate", "--check", url=restored).returncode == 0

    ended = manage("verify_run", "--all", url=restored)

    many = WorkflowRun.objects.count()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"Runs verified: {many}. The trail explains every row; ")


def test_attempt_running_at_the_time_of_the_copy_is_lost(restored: str, live: WorkflowRun) -> None:
    assert "lost" in manage("rescue", url=restored).stdout

    trail = manage("verify_run", str(live.pk), url=restored)
    again = manage("rescue", url=restored)

    assert trail.returncode == 0, trail.stdout
    assert again.stdout == "Nothing is overdue.\n"

"""In a project whose defaults are all others, the API answers as it does on the standalone site."""

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.support.commands import ROOT
from tests.support.database import migrated_file

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PROJECT = "tests.support.foreign_project"


def answers(script: str, settings: str, *arguments: str, **environment: str) -> list[Any]:
    """Return the lines that a script prints in a process with these settings."""
    done = subprocess.run(
        [sys.executable, "-m", f"{PROJECT}.{script}", *arguments],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": settings, "LOG_LEVEL": "error", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Return the answers of the standalone site."""
    database = shutil.copy(migrated_file(), tmp_path_factory.mktemp("ours"))
    return answers("conversation", "tests.settings", DATABASE_URL=f"sqlite:///{database}")


@pytest.mark.parametrize("settings", ["settings", "bare"])
def test_answers_are_byte_for_byte_those_of_the_standalone_site(
    ours: list[Any], settings: str
) -> None:
    migrated = str(migrated_file())
    theirs = answers("conversation", f"{PROJECT}.{settings}", "ops/", FOREIGN_MIGRATED=migrated)

    assert len(ours) > 100
    assert {answer["status"] for _, answer in ours} >= {200, 201, 204, 400, 401, 403, 404, 405, 409}
    for here, there in zip(ours, theirs, strict=True):
        assert there == here


def test_project_answers_at_its_own_paths_as_before() -> None:
    before = answers("own_answers", f"{PROJECT}.before")
    after = answers("own_answers", f"{PROJECT}.settings", FOREIGN_MIGRATED=str(migrated_file()))

    for then, now in zip(before, after, strict=True):
        assert now == then
    paths = {path: status for method, path, status, _, _ in before if method == "get"}
    assert (paths["/api/things"], paths["/api/missing"], paths["/api/schema"]) == (200, 200, 200)


def test_without_knox_there_are_sessions_and_passwords() -> None:
    found = answers("who_gets_in", f"{PROJECT}.tokenless")

    assert dict(found) == {
        "sentence": "Authentication credentials were not provided: send a user name and a password "
        "by HTTP Basic, or log in at /admin/login/.",
        "anonymous": [401, 'Session realm="api"'],
        "token": [401, 'Session realm="api"'],
        "session": [200, None],
        "password": [200, None],
        "wrong password": [401, 'Session realm="api"'],
        "schemes of the document": [200, ["cookieAuth", "password"]],
    }

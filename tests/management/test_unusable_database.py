"""A command that meets a database without its tables, or none, says so in one line."""

import os
from pathlib import Path

import pytest

from tests.management.test_refusing_database import COMMANDS
from tests.support.commands import manage_in
from workflows.management.base import TRY_AGAIN


def test_command_on_empty_database_says_that_migrate_is_missing(tmp_path: Path) -> None:
    empty = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3"}
    for command in ("tick", "verify_run --all", "dispatch_ready --run 1", "run_workflow x"):
        answer = manage_in(empty, *command.split())
        [line] = answer.stderr.splitlines()
        assert (answer.returncode, answer.stdout) == (1, ""), command
        assert line.startswith("no such table: workflows_"), command
        assert line.endswith("migrations are not applied: run manage.py migrate."), command


@pytest.mark.slow
@pytest.mark.parametrize("command", [*COMMANDS[1:3], *COMMANDS[5:8], COMMANDS[9]], ids=" ".join)
def test_database_that_cannot_be_reached_is_one_line(command: list[str]) -> None:
    nowhere = {**os.environ, "DATABASE_URL": "postgresql://ada:hunter2@127.0.0.1:1/x"}
    ended = manage_in(nowhere, *command)
    assert (ended.returncode, ended.stdout) == (TRY_AGAIN, "")
    [line] = ended.stderr.splitlines()
    assert "The database refuses: connection failed" in line
    assert "hunter2" not in line

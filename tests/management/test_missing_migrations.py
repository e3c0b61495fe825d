"""A command that meets a database without its tables names the remedy in one line."""

import subprocess
from pathlib import Path

import pytest

from tests.management.conftest import LONGEST_S, MANAGE
from tests.support.database import environment


@pytest.mark.parametrize(
    "command", ["tick", "verify_run --all", "dispatch_ready --run 1", "run_workflow x"]
)
def test_command_on_empty_database_says_that_migrate_is_missing(
    command: str, tmp_path: Path
) -> None:
    answer = subprocess.run(
        [*MANAGE, *command.split()],
        env={**environment(), "DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3"},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    [line] = answer.stderr.splitlines()
    assert (answer.returncode, answer.stdout) == (1, "")
    assert line.startswith("no such table: workflows_")
    assert line.endswith("migrations are not applied: run manage.py migrate.")

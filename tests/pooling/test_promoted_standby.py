"""When a standby is promoted, executors go on with it, and nothing is executed twice."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doors.site import ROOT
from tests.management.conftest import wait_for
from tests.pooling.replication import Pair, primary_and_standby

MANAGE = [sys.executable, "manage.py"]
STEPS = 6
TEMPLATE: dict[str, Any] = {
    "name": "failover",
    "steps": [
        {
            "step_id": f"s{n}",
            "title": f"s{n}",
            "depends_on": [f"s{n - 1}"] if n else [],
            "payload": {"command": ["sh", "-c", f"echo {n} >> done; sleep 1"], "cwd": ""},
        }
        for n in range(STEPS)
    ],
}


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Run a primary and its standby."""
    with primary_and_standby() as found:
        yield found


def test_run_goes_on_after_a_standby_was_promoted(pair: Pair, tmp_path: Path) -> None:
    variables = {**os.environ, "DATABASE_URL": pair.url}
    variables["DJANGO_SETTINGS_MODULE"] = "orchestrator.settings"
    for step in TEMPLATE["steps"]:
        step["payload"]["cwd"] = str(tmp_path)
    (tmp_path / "t.json").write_text(json.dumps(TEMPLATE))

    def manage(*arguments: str) -> str:
        command = [*MANAGE, *arguments]
        return subprocess.check_output(command, cwd=ROOT, env=variables, text=True)

    manage("migrate", "-v", "0")
    manage("import_workflow", str(tmp_path / "t.json"))
    executor = subprocess.Popen(
        [*MANAGE, "run_workflow", "failover"], cwd=ROOT, env=variables, stdout=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: lines(tmp_path) >= 2)
        pair.fail_over()
        assert executor.wait(90) == 0
    finally:
        executor.kill()
        executor.wait()

    assert lines(tmp_path) == STEPS
    assert "The trail explains every row;" in manage("verify_run", "--all")


def lines(folder: Path) -> int:
    """Return how many commands have begun."""
    path = folder / "done"
    return len(path.read_text().splitlines()) if path.exists() else 0

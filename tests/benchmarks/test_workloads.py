"""The benchmark command runs each workload; these tests do not judge speed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from benchmarks.__main__ import parse_arguments
from tests.support.database import environment

RECORDING = {
    "name": "recorded",
    "schemaVersion": "1.5",
    "workflow": {
        "specification": {
            "tasks": [
                {"id": "a", "name": "a", "parents": [], "children": ["b"]},
                {"id": "b", "name": "b", "parents": ["a"], "children": []},
            ]
        }
    },
}
EXPECTED = [
    *("chain40", "fan200", "recorded (2)", "expand 10", "dispatch at 10", "report at 10"),
    *("dispatch 3 in one call", "POST dispatch-ready", "GET the list of runs"),
    *("GET the page of a run", "3 × /bin/true"),
]


def benchmarks(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as the Makefile does, on the kind of database of this test."""
    server = {"TEST_DATABASE_URL": os.environ.get("DATABASE_URL", "")}
    command = [sys.executable, "-m", "benchmarks", "--database", connection.vendor, *arguments]
    return subprocess.run(
        command, env=environment(**server), check=False, capture_output=True, text=True
    )


def test_every_workload_yields_its_figure(tmp_path: Path) -> None:
    recording, written = tmp_path / "recorded.json", tmp_path / "figures.json"
    recording.write_text(json.dumps(RECORDING))

    done = benchmarks("--smallest", "--wfformat", str(recording), "--json", str(written))

    assert done.returncode == 0, done.stderr
    figures = json.loads(written.read_text())["figures"]
    assert [figure["name"] for figure in figures] == EXPECTED
    assert all(figure["min"] > 0 and figure["ratio_to_one_statement"] > 0 for figure in figures)
    assert all(f"| {name} " in done.stdout for name in EXPECTED)


def test_missing_recordings_are_reported_as_skipped() -> None:
    done = benchmarks("real", "--smallest")
    assert "real: skipped: name files with --wfformat" in done.stdout


def test_unknown_workload_is_refused_with_the_known_names() -> None:
    done = benchmarks("chain41")
    assert done.returncode != 0
    assert "no workload chain41; there are: chain40, " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--repeat", "0"], "--repeat"),
        (["real", "--wfformat", "/nowhere.json"], "/nowhere.json: No such file"),
    ],
)
def test_wrong_option_is_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exited:
        parse_arguments(arguments)
    assert exited.value.code
    assert message in f"{exited.value.code} {capsys.readouterr().err}"

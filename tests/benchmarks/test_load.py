"""The load command runs and names its errors; these tests do not judge speed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from django.db import connection

from benchmarks.crowd import LoadResult
from benchmarks.load import error_lines, main, percentile, request_figures
from benchmarks.visitors import Host, Visitor, World
from tests.support.database import environment
from tests.support.host_runner import HostRunner, serving

OPEN_PAGES = ("--pages", "2", "--active", "1")


def load(*parse_arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as the Makefile does, on the kind of database of this test."""
    server = {"TEST_DATABASE_URL": os.environ.get("DATABASE_URL", "")}
    command = [sys.executable, "-m", "benchmarks.load", "--database", connection.vendor]
    return subprocess.run(
        [*command, *parse_arguments],
        env=environment(**server),
        check=False,
        capture_output=True,
        text=True,
    )


def test_load_with_a_few_clients_has_no_errors(tmp_path: Path) -> None:
    written = tmp_path / "figures.json"

    done = load(
        "--seconds", "1", "--clients", "3", "--expand", "1000", *OPEN_PAGES, "--json", str(written)
    )

    assert (done.returncode, done.stderr) == (0, "")
    kept = json.loads(written.read_text())["figures"]
    alone, expanding, watching = kept
    assert (alone, expanding) == ("3 clients", "3 clients while 1,000 tasks expand")
    assert watching == "2 open pages of 1 active runs"
    for rows in kept.values():
        assert all(row["number"] > 0 and row["errors"] == 0 for row in rows)
        # Which other requests three clients send in a second varies.
        assert "all small ones" in {row["request"] for row in rows}
    assert done.stdout.count("Memory of the workers: ") == 3


def test_failed_requests_are_named_and_counted() -> None:
    with serving(HostRunner()) as host, httpx.Client(base_url=host.url) as client:
        world = World(1, Host(), [1])
        answers = [Visitor(world, client, 0).ask("nothing", "/nothing") for _ in range(2)]

    assert answers == [None, None]
    result = LoadResult("1 client", world.log, 1, ([], []))
    assert [*error_lines(result)] == ['1 client: nothing: 2 × 404 {"detail": "unknown task"}']
    assert [row["errors"] for row in request_figures(result)] == [2, 2]


@pytest.mark.parametrize("option", ["--seconds", "--clients", "--expand", "--pages", "--active"])
def test_option_that_is_not_a_number_is_refused(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exited:
        main([option, "0"])
    assert exited.value.code == 2
    assert option in capsys.readouterr().err


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.75, 3), (0.99, 4), (1, 4)])
def test_a_percentile_is_one_of_the_values(share: float, value: int) -> None:
    assert percentile([4, 1, 3, 2], share) == value

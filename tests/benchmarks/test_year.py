"""A simulated year executes its runs at their moments, and removes them by policy."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from tests.support.database import environment


@pytest.mark.slow
def test_days_pass_and_runs_are_removed() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the clock of the database is simulated on PostgreSQL alone")

    words = "--days 4 --runs 3 --tasks 2 --keep 2".split()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.year", *words],
        check=True,
        capture_output=True,
        text=True,
        env=environment(TEST_DATABASE_URL=os.environ["DATABASE_URL"]),
    )

    [row] = [line for line in done.stdout.splitlines() if line.startswith("| 4 ")]
    there, removed = (int(cell) for cell in row.split("|")[2:4])
    assert (there, removed) == (
        7,
        5,
    )  # the last of two days ago has been kept for two days just now
    assert "Lines of removed runs verified: 5." in done.stdout

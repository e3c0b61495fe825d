"""Management commands as separate processes on the test's database."""

import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.commands import LONGEST_S, MANAGE, manage
from tests.support.database import environment

__all__ = ["LONGEST_S", "MANAGE", "manage"]


Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def started(transactional_db: None) -> Iterator[Started]:
    """Start commands in the background; processes that remain are killed."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*MANAGE, *arguments],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until a condition is true; fail after a timeout."""
    give_up_at = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.05)

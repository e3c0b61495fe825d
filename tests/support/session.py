"""The folder that all workers of one session of pytest share, for what is made once."""

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "ORCHESTRATOR_TESTS"
"""The environment variable with the folder."""

# Set in the first process of pytest, before it starts its workers: tests/conftest.py imports this.
if VARIABLE not in os.environ:
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix="orchestrator-tests-")
    atexit.register(shutil.rmtree, os.environ[VARIABLE], ignore_errors=True)


def shared() -> Path:
    """Return the folder."""
    return Path(os.environ[VARIABLE])


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Keep the other workers out of the block of this name."""
    with (shared() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

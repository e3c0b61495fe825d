"""A shell beside a site and an executor, as who follows a page has them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contract.server import Installation, installation
from tests.support.database import migrated_database
from tests.support.typed import ROOT

LONGEST_S = 120
ADDRESS = "http://127.0.0.1:8000"
"""The address in the pages; the site of a test has a free port instead."""


class Shell:
    """A shell in an empty folder with `manage.py`, and with a site and an executor at hand."""

    def __init__(self, site: Installation, folder: Path) -> None:
        """Prepare the folder."""
        self.site, self.folder = site, folder
        (folder / "manage.py").symlink_to(ROOT / "manage.py")
        (folder / ".venv").symlink_to(sys.prefix)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = {**site.environment, "PATH": path}

    def type(self, *blocks: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Type blocks one after the other; the first command that fails ends them."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-s"],
            input="\n".join(blocks).replace(ADDRESS, self.site.url),
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )

    def must(self, *blocks: str, **environment: str) -> str:
        """Type blocks that must succeed; return what they print."""
        done = self.type(*blocks, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def executor(site: Installation) -> Iterator[None]:
    """Execute the attempts of the local runner until the block ends."""
    command = [sys.executable, "manage.py", "local_runner"]
    process = subprocess.Popen(command, cwd=ROOT, env=site.environment, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Serve a new database until the tests of the module have ended."""
    directory = tmp_path_factory.mktemp("site")
    folder = tmp_path_factory.mktemp("shell")
    with (
        migrated_database(directory) as database_url,
        installation(database_url, RUNS_DIR=str(directory / "runs")) as site,
        executor(site),
    ):
        yield Shell(site, folder)

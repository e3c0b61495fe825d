"""The product as an installation runs it: a database of its own, and a web server."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
START_WITHIN_S = 30


@dataclass
class Installation:
    """The address of the product, and the environment of its commands."""

    url: str
    environment: dict[str, str]
    pid: int = 0
    """The parent of the web server's workers."""

    def manage(self, *arguments: str) -> str:
        """Run a command that must succeed; return its output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


@contextmanager
def installation(database_url: str, **more: str) -> Iterator[Installation]:
    """Serve a migrated database until the block ends; `more` is put into the environment."""
    address = f"127.0.0.1:{_free_port()}"
    settings = {
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "orchestrator.settings",
        "PUBLIC_BASE_URL": f"http://{address}",
        **more,
    }
    made = Installation(f"http://{address}", {**os.environ, **settings})
    gunicorn = [sys.executable, "-m", "gunicorn", "--bind", address, "--workers", "1"]
    process = subprocess.Popen(
        [*gunicorn, "--threads", "4", "--log-level", "error"], cwd=ROOT, env=made.environment
    )
    try:
        _wait_until_ready(made.url, process)
        made.pid = process.pid
        yield made
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    give_up_at = time.monotonic() + START_WITHIN_S
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the site did not start")

"""Serves the site as in production, and makes clients for it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from django.contrib.auth.models import User
from django.test import Client
from knox.models import AuthToken

from tests.support.redis import free_port

START_WITHIN_S = 60
GUNICORN = ["-m", "gunicorn", "orchestrator.wsgi", "--workers", "2", "--threads", "4"]


@dataclass(frozen=True, slots=True)
class Site:
    """A site that is being served."""

    address: str
    pid: int
    """Of the process that started the workers."""

    def memory_mb(self) -> list[float]:
        """Return the memory of each worker; empty on systems other than Linux."""
        try:
            workers = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        except OSError:
            return []
        return [_resident_mb(int(worker)) for worker in workers]


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def serve_site(port: int = 0) -> Iterator[Site]:
    """Serve the site as in production, on a free port unless one is named."""
    address = f"127.0.0.1:{port or free_port()}"
    command = [sys.executable, *GUNICORN, "--bind", address, "--log-level", "warning"]
    # Without the line that each request leaves: what is printed are faults.
    with subprocess.Popen(command, env={**os.environ, "LOG_LEVEL": "warning"}) as server:
        try:
            _wait_for(f"http://{address}/readyz", server)
            yield Site(f"http://{address}", server.pid)
        finally:
            server.terminate()


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    give_up_at = time.monotonic() + START_WITHIN_S
    while server.poll() is None and time.monotonic() < give_up_at:
        try:
            httpx.get(url).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the site does not start")


def authenticated_client(site: Site) -> httpx.Client:
    """Return a client with a token for the API and a session for the pages."""
    user, _ = User.objects.get_or_create(username="bench", is_superuser=True, is_staff=True)
    browser = Client()
    browser.force_login(user)
    return httpx.Client(
        base_url=site.address,
        headers={"Authorization": f"Token {AuthToken.objects.create(user)[1]}"},
        cookies={"sessionid": browser.cookies["sessionid"].value},
        timeout=300,
    )

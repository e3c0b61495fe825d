"""A site on the database of the running test, and raw requests to it."""

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
from django.conf import settings

from tests.support.database import environment
from tests.support.redis import free_port

ROOT = Path(__file__).parents[2]
START_WITHIN_S = 60
ANSWER_WITHIN_S = 60
MB = 2**20


@dataclass(frozen=True)
class Site:
    """A running site."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def workers(self) -> list[psutil.Process]:
        """Its processes that answer requests."""
        return psutil.Process(self.process.pid).children()

    def forget_peak(self) -> int:
        """Begin to measure the memory of the only worker; return the bytes that it takes now."""
        [worker] = self.workers
        Path(f"/proc/{worker.pid}/clear_refs").write_text("5")
        return int(worker.memory_info().rss)

    def peak(self) -> int:
        """Return the most bytes that the only worker has taken since then."""
        [worker] = self.workers
        status = Path(f"/proc/{worker.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024


@contextmanager
def running_site(*options: str, log: IO[str] | None = None, **more: str) -> Iterator[Site]:
    """Serve the test's own database, with the settings of gunicorn that installations have."""
    port = free_port()
    # Debugging, connections keep every statement that they have sent.
    installed = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DEBUG": "off",
        "SECRET_KEY": settings.SECRET_KEY,
    }
    variables = environment(**{**installed, **more})
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *options]
    command += ["--log-level", "error"]
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=log)
    try:
        wait_until(port, process)
        yield Site(port, process)
    finally:
        process.terminate()
        process.wait()


def wait_until(port: int, process: "subprocess.Popen[bytes]", *, tls: bool = False) -> None:
    """Wait until a server answers `/healthz`."""
    give_up_at = time.monotonic() + START_WITHIN_S
    while process.poll() is None and time.monotonic() < give_up_at:
        with suppress(OSError):
            if status_of(request(port, head("GET", "/healthz"), tls=tls)) == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not start")


def head(method: str, path: str, **headers: object) -> bytes:
    """Return the head of a request that closes its connection; `x_y` means the header `x-y`."""
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def connect(port: int, *, tls: bool = False) -> socket.socket:
    """Return a connection to a server on this machine."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_WITHIN_S)
    if not tls:
        return connection
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connection, server_hostname="localhost")


def request(port: int, *pieces: bytes, tls: bool = False) -> bytes:
    """Send a request as it is, and return the answer as it comes."""
    with connect(port, tls=tls) as connection:
        # An answer may come, and the connection end, before all is sent.
        with suppress(OSError):
            for piece in pieces:
                connection.sendall(piece)
        return b"".join(iter(lambda: _received(connection), b""))


def status_of(answer: bytes) -> int:
    """Return the status of an answer, 0 if there was none."""
    return int(answer.split(maxsplit=2)[1]) if answer else 0


def _received(connection: socket.socket) -> bytes:
    with suppress(ConnectionError, ssl.SSLError):
        return connection.recv(65_536)
    return b""

"""Starts a Redis for the tests, and ends it when they are over."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

START_WITHIN_S = 20


@contextmanager
def broker() -> Iterator[str | None]:
    """Yield the address of a Redis: that of REDIS_URL, else one started here; None without both."""
    if url := os.environ.get("REDIS_URL"):
        yield url
    elif program := shutil.which("redis-server"):
        with _started(program, port := free_port()):
            yield f"redis://127.0.0.1:{port}/0"
    else:
        yield None


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _started(program: str, port: int) -> Iterator[None]:
    nothing_kept = ("--save", "", "--appendonly", "no", "--dir", "/")
    arguments = [program, "--bind", "127.0.0.1", "--port", str(port), *nothing_kept]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    give_up_at = time.monotonic() + START_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < give_up_at, "redis-server does not answer"
            time.sleep(0.05)
        else:
            return

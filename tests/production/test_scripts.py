"""`make serve` serves until it is told to stop, and says first that a port cannot be used."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from scripts.serve import main
from tests.support.redis import free_port

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("port", ["99999", "0", "-1", "http", ""])
def test_what_is_no_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(port) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "",
        f"PORT={port} is no port: choose a number from 1 to 65535.\n",
    )


def test_port_that_is_taken_is_said_before_anything_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(str(port)) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"Port {port} cannot be used (Address already in use); choose")


def test_site_and_local_runner_are_served_until_they_are_told_to_stop(tmp_path: Path) -> None:
    port = str(free_port())
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    command = [sys.executable, "-m", "scripts.serve", port]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as served:
        try:
            assert _answers(f"http://127.0.0.1:{port}/readyz", served)
        finally:
            served.send_signal(signal.SIGINT)
        assert served.wait(60) == 0


def _answers(url: str, served: "subprocess.Popen[bytes]") -> bool:
    give_up_at = time.monotonic() + 60
    while served.poll() is None and time.monotonic() < give_up_at:
        with suppress(httpx.HTTPError):
            return httpx.get(url).status_code == 200
        time.sleep(0.2)
    return False

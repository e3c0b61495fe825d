"""`make serve` says first that a port cannot be used."""

import socket

import pytest

from scripts.serve import main


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

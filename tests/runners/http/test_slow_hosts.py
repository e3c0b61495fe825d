"""A host that sends a byte now and then keeps nobody for longer than a silent one."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from runners import http
from runners.base import RunnerAddress, RunnerUnavailable

TIMEOUT_S = 0.6
PAUSE_S = 0.1
HEAD = b"HTTP/1.1 200 OK\r\n"
STARTS: dict[str, tuple[bytes, bytes]] = {
    "a header": (HEAD + b"X-Slow: ", b"x"),
    "many headers": (HEAD, b"A: 1\r\n"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body of unknown length": (HEAD + b'\r\n{"status": "running", "message": "', b"x"),
    "a body that is announced": (HEAD + b"Content-Length: 9999\r\n\r\n{", b" "),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "the handshake": (b"\x16\x03\x03\x20\x00", b"\x02"),
}


@contextmanager
def dripping_host(start: bytes, drop: bytes) -> Iterator[int]:
    """Yield the port of a host that never finishes the answer that it begins."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection = listener.accept()[0]
                threading.Thread(target=drip, args=[connection], daemon=True).start()

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65_536)
            connection.sendall(start)
            while True:
                time.sleep(PAUSE_S)
                connection.sendall(drop)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("what", STARTS)
def test_slow_answer_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr(http, "TIMEOUT_S", TIMEOUT_S)
    scheme = "https" if what == "the handshake" else "http"
    with dripping_host(*STARTS[what]) as port:
        address = RunnerAddress("slow", "http", f"{scheme}://127.0.0.1:{port}")
        assert _seconds_until_given_up(lambda: http._request("GET", address, "tasks/1")) < 5


def _seconds_until_given_up(call: Callable[[], object]) -> float:
    began = time.monotonic()
    with pytest.raises(RunnerUnavailable):
        call()
    return time.monotonic() - began

"""A runner kind from outside the project: one file and one setting."""

import json
import socketserver
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from pytest_django import Settings

BACKEND = "tests.runners.custom_kind.tcp.TcpBackend"


class TcpHost(socketserver.ThreadingTCPServer):
    """A host on a free port; it has finished each attempt by the time that it is polled."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen, and know no attempt yet."""
        super().__init__(("127.0.0.1", 0), _Answer)
        self.started: dict[str, dict[str, Any]] = {}
        self.questions: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"tcp://127.0.0.1:{self.server_address[1]}"

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Start an attempt, or report on one."""
        self.questions.append(question)
        if "start" in question:
            self.started.setdefault(question["start"]["id"], question["start"])
            return {"status": "queued"}
        if task := self.started.get(question["poll"]):
            return {"status": "success", "output": f"did {task['title']}\n"}
        return {"status": "unknown"}


class _Answer(socketserver.StreamRequestHandler):
    server: TcpHost

    def handle(self) -> None:
        answer = self.server.answer(json.loads(self.rfile.readline()))
        self.wfile.write(json.dumps(answer).encode() + b"\n")


@pytest.fixture
def tcp_kind(settings: Settings) -> None:
    """Add the kind to the installation."""
    settings.RUNNER_BACKENDS = {**settings.RUNNER_BACKENDS, "tcp": BACKEND}


@pytest.fixture
def tcp_host(tcp_kind: None) -> Iterator[TcpHost]:
    """Serve a host of the kind."""
    with TcpHost() as host:
        thread = Thread(target=host.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield host
        host.shutdown()
        thread.join()

"""A host-runner as users write them: a real HTTP server that implements the protocol."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

Reply = tuple[int, Any]


@dataclass
class HostRunner:
    """What the server has received, and how it answers."""

    url: str = ""
    submissions: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Method and path of every request, in order."""
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The tasks that it knows: the answer to a poll, by task id."""
    token: str = ""
    """The bearer token that every request must have, if any."""
    authorizations: list[str | None] = field(default_factory=list)
    """The header Authorization of every request, in order."""
    on_submit: Callable[[dict[str, Any]], Reply] | None = None
    on_cancel: Callable[[str], Reply] | None = None

    def reply(self, authorization: str | None, method: str, path: str, body: Any) -> Reply:
        """Answer a request that has the token."""
        self.authorizations.append(authorization)
        if self.token and authorization != f"Bearer {self.token}":
            return 401, {"detail": "who are you?"}
        return self.answer(method, path, body)

    def answer(self, method: str, path: str, body: Any) -> Reply:
        """Answer a request as an idempotent runner would."""
        self.asked.append(f"{method} {path}")
        match [method, *path.strip("/").split("/")]:
            case ["POST", "tasks", "submit"]:
                self.submissions.append(body)
                return self.on_submit(body) if self.on_submit else self.accept(body)
            case ["POST", "tasks", task_id, "cancel"]:
                return self.on_cancel(task_id) if self.on_cancel else self._cancel(task_id)
            case ["GET", "tasks", task_id] if task_id in self.tasks:
                return 200, self.tasks[task_id]
        return 404, {"detail": "unknown task"}

    def accept(self, body: dict[str, Any]) -> Reply:
        """Accept a task; the same submission again is the same task."""
        known = {"task_id": body["task_id"], "status": "queued"}
        return 202, self.tasks.setdefault(body["task_id"], known)

    def _cancel(self, task_id: str) -> Reply:
        if task_id not in self.tasks:
            return 404, {"detail": "unknown task"}
        self.tasks[task_id]["status"] = "canceled"
        return 200, self.tasks[task_id]

    def says(self, task_id: object, status: str, **more: Any) -> None:
        """Set what a poll of a task answers; its id is that of the submission, as an attempt's."""
        self.tasks[str(task_id)] = {"task_id": str(task_id), "status": status, **more}


Served = TypeVar("Served", bound=HostRunner)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # a busy machine resets no connection


@contextmanager
def serving(runner: Served, *, tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    """Serve a host-runner on a free port of this machine, over https if there is a context."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"null")
            by = self.headers.get("Authorization")
            status, answer = runner.reply(by, self.command, self.path, body)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            if status in {301, 302, 307}:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _serve  # noqa: N815 (names of the standard library)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = _Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    # shutdown() waits for as long as the server polls: half a second by default, for every test.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    runner.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    try:
        yield runner
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""
A host-runner as another project would write it: it knows only the protocol.

    python -m tests.third_party_clients.host_runner PORT

executes prompts in a shell. Each status is reported once and never repeated.
"""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

KEPT = ("task_id", "status", "message", "exit_code", "stdout", "stderr", "container_id")


class Work:
    """One submission."""

    def __init__(self, order: dict[str, Any]) -> None:
        """Queue the submission."""
        self._order = order
        self._process: subprocess.Popen[str] | None = None
        self.said: dict[str, Any] = {"task_id": order["task_id"], "status": "queued"}

    def run(self) -> None:
        """Execute it and report."""
        self._say(status="running", container_id=None)
        self._process = subprocess.Popen(
            ["sh", "-c", self._order["prompt"]], text=True, stdout=-1, stderr=-1
        )
        stdout, stderr = self._process.communicate(timeout=self._order["timeout_seconds"])
        code = self._process.returncode
        end = "canceled" if code < 0 else "failed" if code else "success"
        self._say(status=end, exit_code=code, stdout=stdout, stderr=stderr, message=None)

    def cancel(self) -> None:
        """End it."""
        if self._process:
            self._process.terminate()

    def _say(self, **said: Any) -> None:
        self.said |= said
        token = {"X-Runner-Token": self._order["status_callback_token"]}
        with suppress(httpx.HTTPError):
            httpx.post(self._order["status_callback_url"], json=said, headers=token)


class Host(BaseHTTPRequestHandler):
    """Handles requests."""

    keys: dict[str, Work] = {}
    tasks: dict[str, Work] = {}
    lock = threading.Lock()

    def do_POST(self) -> None:
        """Submit or cancel."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        match self.path.strip("/").split("/"):
            case ["tasks", "submit"]:
                self._answer(202, self._submit(body).said)
            case ["tasks", task_id, "cancel"] if task_id in self.tasks:
                self.tasks[task_id].cancel()
                self._answer(200, {"ok": True})
            case _:
                self._answer(404, {"detail": "not found"})

    def do_GET(self) -> None:
        """Return the status of a task."""
        work = self.tasks.get(self.path.removeprefix("/tasks/"))
        if work:
            self._answer(200, {name: work.said.get(name) for name in KEPT})
        else:
            self._answer(404, {"detail": "unknown task"})

    def _submit(self, body: dict[str, Any]) -> Work:
        with self.lock:
            key = body["idempotency_key"]
            if key not in self.keys:
                self.keys[key] = self.tasks[body["task_id"]] = Work(body)
                threading.Thread(target=self.keys[key].run, daemon=True).start()
            return self.keys[key]

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Host).serve_forever()

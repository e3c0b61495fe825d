"""
A lossy connection from a host-runner to the site: it drops, delays, doubles and reorders callbacks.

    python -m tests.third_party_clients.proxy PORT TARGET

answers every callback with 200 at once, and prints what it does with it.
"""

import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle

import httpx

DELAY_S = 0.5
# Seven treatments for two callbacks per task: each treatment meets starts and ends.
TREATMENTS = cycle(["pass", "drop", "hold back", "pass", "double", "delay", "drop"])

target = sys.argv[2] if len(sys.argv) > 2 else ""


class Callback:
    """One callback that was received."""

    def __init__(self, path: str, token: str, body: bytes) -> None:
        """Keep what was received."""
        self._path, self._token, self._body = path, token, body

    def deliver(self) -> None:
        """Send it to the site; ignore the answer."""
        headers = {"Content-Type": "application/json", "X-Runner-Token": self._token}
        with suppress(httpx.HTTPError):
            httpx.post(target + self._path, content=self._body, headers=headers)


class Proxy(BaseHTTPRequestHandler):
    """Handles callbacks."""

    held: list[Callback] = []
    lock = threading.Lock()

    def do_POST(self) -> None:
        """Receive a callback and apply the next treatment."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        callback = Callback(self.path, self.headers["X-Runner-Token"], body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        with self.lock:
            treatment = next(TREATMENTS)
            print(treatment, self.path, body[:60].decode(), flush=True)  # noqa: T201 (its log)
            held, self.held[:] = self.held[:], []
        self._treat(treatment, callback)
        for late in held:
            late.deliver()

    def _treat(self, treatment: str, callback: Callback) -> None:
        match treatment:
            case "hold back":  # until after the next one
                self.held.append(callback)
            case "delay":
                time.sleep(DELAY_S)
        if treatment in {"pass", "double", "delay"}:
            callback.deliver()
        if treatment == "double":
            callback.deliver()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Proxy).serve_forever()

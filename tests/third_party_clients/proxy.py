"""
What lies between a host-runner and us: it drops, delays, doubles and reorders what passes.

    python -m tests.third_party_clients.proxy PORT TARGET

answers everything with 200 at once, and prints what it does with it.
"""

import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle

import httpx

DELAY_S = 0.5
# Of each task, the start is followed by the end: whatever happens to one of them, happens to the
# other later on.
FATES = cycle(["pass", "drop", "hold back", "pass", "double", "delay", "drop"])

target = sys.argv[2] if len(sys.argv) > 2 else ""


class Letter:
    """One request on its way."""

    def __init__(self, path: str, token: str, body: bytes) -> None:
        """Take it over."""
        self._path, self._token, self._body = path, token, body

    def deliver(self) -> None:
        """Hand it over; the answer interests nobody."""
        headers = {"Content-Type": "application/json", "X-Runner-Token": self._token}
        with suppress(httpx.HTTPError):
            httpx.post(target + self._path, content=self._body, headers=headers)


class Proxy(BaseHTTPRequestHandler):
    """The door."""

    held: list[Letter] = []
    lock = threading.Lock()

    def do_POST(self) -> None:
        """Take a letter, and let its fate decide."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        letter = Letter(self.path, self.headers["X-Runner-Token"], body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        with self.lock:
            fate = next(FATES)
            print(fate, self.path, body[:60].decode(), flush=True)  # noqa: T201 (its log)
            held, self.held[:] = self.held[:], []
        self._meet(fate, letter)
        for late in held:
            late.deliver()

    def _meet(self, fate: str, letter: Letter) -> None:
        match fate:
            case "hold back":  # until after the next one
                self.held.append(letter)
            case "delay":
                time.sleep(DELAY_S)
        if fate in {"pass", "double", "delay"}:
            letter.deliver()
        if fate == "double":
            letter.deliver()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Proxy).serve_forever()

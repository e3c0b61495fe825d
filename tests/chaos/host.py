"""A host-runner that starts each attempt once, and is unreliable otherwise."""

import random
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.host_runner import HostRunner, Reply

TOO_LONG_S = 6
"""Longer than any client waits for an answer."""


@dataclass
class FlakyHost(HostRunner):
    """Refuses, does not answer, answers late; reports late, twice, out of order or never."""

    started: Counter[str] = field(default_factory=Counter)
    """How often it started the attempt with this key."""
    is_calm: bool = False
    chance: random.Random = field(default_factory=random.Random)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Answer submissions as follows."""
        self.on_submit = self.take

    def take(self, body: dict[str, Any]) -> Reply:
        """Start a task, unless its key is known; or refuse it."""
        key = body["idempotency_key"]
        weather = 1.0 if self.is_calm else self.chance.random()
        with self._lock:
            is_known = self.tasks.get(body["task_id"], {}).get("key") == key
            if not is_known and weather < 0.15:
                return 503, {"detail": "no space"}
            if not is_known:
                self.started[key] += 1
                self.says(body["task_id"], "success", key=key, stdout="said\n")
        if not is_known:
            threading.Thread(target=self._report, args=[body], daemon=True).start()
        if weather < 0.18:
            time.sleep(TOO_LONG_S)
        return 202, {"status": "queued"}

    def _report(self, body: dict[str, Any]) -> None:
        statuses = ["running", "success"]
        if not self.is_calm:
            ways = [statuses, statuses[::-1], [*statuses, *statuses], statuses[1:], []]
            statuses = self.chance.choice(ways)
        for status in statuses:
            time.sleep(0 if self.is_calm else self.chance.random())
            self._send_callback(body, status)

    def _send_callback(self, body: dict[str, Any], status: str) -> None:
        token = {"X-Runner-Token": body["status_callback_token"]}
        said = {"status": status, "stdout": "said\n"}
        with suppress(httpx.HTTPError):  # sent once; polling finds the status
            httpx.post(body["status_callback_url"], json=said, headers=token, timeout=5)

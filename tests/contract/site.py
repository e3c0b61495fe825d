"""The product, as programs see it over HTTP."""

import time
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from tests.support.host_runner import HostRunner

NUMBERS = count(1)
LONGEST_WAIT_S = 20


@dataclass
class Site:
    """The product, as seen by a program with a token."""

    http: httpx.Client
    host: HostRunner
    """The default runner of the site."""
    outside: httpx.Client
    """Without a token, as runners report."""

    def post(self, path: str, **body: Any) -> Any:
        """Send a POST that must succeed; return the answer."""
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str, **query: Any) -> Any:
        """Send a GET that must succeed; return the answer."""
        answer = self.http.get(path, params=query)
        assert answer.is_success, answer.text
        return answer.json()

    def make_template(self, steps: list[dict[str, Any]], **more: Any) -> int:
        """Store a template; return its id."""
        name = f"template {next(NUMBERS)}"
        return int(self.post("/workflow-templates", name=name, steps=steps, **more)["id"])

    def tasks_once_submitted(self, run_id: int) -> list[dict[str, Any]]:
        """Return the tasks of a new run once hosts were called: its creation does not wait."""
        end = time.monotonic() + LONGEST_WAIT_S
        while True:
            tasks: list[dict[str, Any]] = self.get("/tasks", run_id=run_id)["results"]
            waiting = [task for task in tasks if task["status"] == "dispatched"]
            if all(task["attempts"][-1]["submitted_at"] for task in waiting):
                return tasks
            assert time.monotonic() < end, waiting
            time.sleep(0.02)

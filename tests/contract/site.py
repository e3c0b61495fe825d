"""The product, as programs see it over HTTP."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from tests.support.host_runner import HostRunner

NUMBERS = count(1)


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

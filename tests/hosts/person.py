"""A person who works in a host by HTTP alone: logs in as the host has it, then asks our API."""

import re
import time
from collections.abc import Callable
from typing import Any, Self

import httpx

from tests.hosts.kinds import Kind
from tests.hosts.project import PASSWORD

WITHIN_S = 30
FORM_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]*)"')

Json = dict[str, Any]


class Person:
    """Somebody who is logged in."""

    def __init__(self, kind: Kind, url: str, name: str, *, api: str = "/ops") -> None:
        """Log in at the admin of the host."""
        self._api = api
        self.http = httpx.Client(base_url=url, follow_redirects=True, timeout=WITHIN_S)
        page = self.http.get(f"{kind.admin}login/")
        token = FORM_TOKEN.findall(page.text)[0]
        form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": token}
        answer = self.http.post(f"{kind.admin}login/?next={kind.admin}", data=form)
        assert answer.url.path == kind.admin, answer.text

    def __enter__(self) -> Self:
        """Stay logged in for the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.http.close()

    def get(self, path: str, **query: Any) -> Any:
        """Ask; return what is answered."""
        answer = self.http.get(f"{self._api}{path}", params=query)
        assert answer.is_success, (path, answer.status_code, answer.text)
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        """Ask for a change; return what is answered."""
        token = {"X-CSRFToken": self.http.cookies["csrftoken"]}
        answer = self.http.post(f"{self._api}{path}", json=body, headers=token)
        assert answer.is_success, (path, answer.status_code, answer.text)
        return answer.json()

    def page(self, path: str) -> str:
        """Open a page."""
        answer = self.http.get(path)
        assert answer.is_success, (path, answer.status_code, answer.text[:2000])
        return answer.text

    def tasks(self, run: int) -> dict[str, str]:
        """Return the state of each task of a run."""
        found = self.get("/tasks", run_id=run)["results"]
        return {task["step_id"]: task["status"] for task in found}

    def task(self, run: int, step: str) -> int:
        """Return the id of a task."""
        found = self.get("/tasks", run_id=run)["results"]
        return next(int(task["id"]) for task in found if task["step_id"] == step)

    def wait(self, is_so: Callable[[], bool], what: Callable[[], object]) -> None:
        """Wait until something is so."""
        until = time.monotonic() + WITHIN_S
        while not is_so():
            assert time.monotonic() < until, what()
            time.sleep(0.2)

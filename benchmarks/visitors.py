"""Simulated clients of the site, and a log of their requests."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.urls import reverse

from tests.support.host_runner import HostRunner

Submission = dict[str, Any]
RUNNER = "elsewhere"
EXPANSION = "POST /workflow-runs, large"
STORED = 30
"""How many of the latest runs the requests are about."""


class Host(HostRunner):
    """A host-runner that accepts every task and leaves the reports to the visitors."""

    def __init__(self) -> None:
        """Start without tasks."""
        super().__init__()
        self.open: SimpleQueue[Submission] = SimpleQueue()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Accept a task, and queue it for a report; say that one that is asked about works on."""
        if method == "GET":
            return 200, {"status": "running"}
        self.open.put(body)
        return 202, {"task_id": body["task_id"], "status": "queued"}


@dataclass
class Log:
    """The seconds of the requests, and the errors, by kind."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often, by kind of request and message."""

    def record(self, kind: str, seconds: float, error: str) -> None:
        """Record one request."""
        self.seconds[kind].append(seconds)
        if error:
            self.errors[kind, error] += 1


@dataclass
class World:
    """What all visitors share: the template, the runs, the host-runner and the log."""

    template_id: int
    host: Host
    runs: list[int]
    """Ids, the latest one last."""
    log: Log = field(default_factory=Log)


class Visitor:
    """A client that sends one request after the other, without a pause."""

    def __init__(self, world: World, client: httpx.Client, number: int) -> None:
        """Start at place `number` of the mix."""
        self._world = world
        self._client = client
        self._turns = count(number)
        self._seen: dict[int, str] = {}
        """The latest event seen of each run."""

    def visit_while(self, keep_going: Callable[[], bool]) -> None:
        """Send requests while `keep_going` returns True."""
        while keep_going():
            turn = next(self._turns)
            MIX[turn % len(MIX)](self, self._some_run(turn))

    def visit_once(self) -> None:
        """Send each kind of request once."""
        for ask in dict.fromkeys(MIX):
            ask(self, self._some_run(next(self._turns)))

    def create(self, _: int) -> None:
        """Create an auto-dispatch run; it starts with the first dispatch."""
        body = {"workflow_template_id": self._world.template_id, "auto_dispatch": True}
        if answer := self.ask("POST /workflow-runs", "/workflow-runs", json=body):
            self._world.runs.append(answer.json()["id"])

    def dispatch(self, run: int) -> None:
        """Dispatch one task."""
        self.ask("POST …/dispatch-ready", f"/workflow-runs/{run}/dispatch-ready", json={})

    def report(self, run: int) -> None:
        """Report the start and the end of a task as its runner; dispatch if no task is open."""
        try:
            task = self._world.host.open.get_nowait()
        except Empty:
            return self.dispatch(run)
        place = urlsplit(task["status_callback_url"]).path
        token = {"X-Runner-Token": task["status_callback_token"]}
        for status in ("running", "success"):
            body = {"status": status, "stdout": f"{status}\n"}
            self.ask("POST …/status, as a runner", place, json=body, headers=token)
        return None

    def list_runs(self, _: int) -> None:
        """Get the list of runs."""
        self.ask("GET /workflow-runs", "/workflow-runs?limit=50")

    def look_at(self, run: int) -> None:
        """Get a run by API."""
        self.ask("GET /workflow-runs/{id}", f"/workflow-runs/{run}")

    def list_tasks(self, run: int) -> None:
        """Get the tasks of a run."""
        self.ask("GET /tasks?run_id=", f"/tasks?run_id={run}")

    def list_events(self, run: int) -> None:
        """Get the events of a run."""
        self.ask("GET /events?run_id=", f"/events?run_id={run}")

    def explain(self, run: int) -> None:
        """Get the explanation of why a run waits."""
        self.ask("GET …/explain", f"/workflow-runs/{run}/explain")

    def dashboard(self, _: int) -> None:
        """Get the dashboard."""
        self.ask("the dashboard", reverse("admin:index"))

    def page(self, run: int) -> None:
        """Get the page of a run, and its graph."""
        self.ask("the page of a run", reverse("admin:workflows_workflowrun_change", args=[run]))
        self.ask("its graph", reverse("admin:workflows_workflowrun_graph", args=[run]))

    def poll(self, run: int) -> None:
        """Get the changes of a run, as an open page does every other second."""
        place = reverse("admin:workflows_workflowrun_changes", args=[run])
        seen = self._seen.get(run, "0")
        headers = {"If-None-Match": f'"{seen}"'}
        answer = self.ask("its poll", f"{place}?after={seen}", headers=headers)
        if answer and (tag := answer.headers.get("ETag")):
            self._seen[run] = tag.strip('W/"')

    def ask(self, kind: str, place: str, **body: Any) -> httpx.Response | None:
        """Send one request and record it; return None after an error."""
        method = "POST" if "json" in body else "GET"
        return recorded(self._world.log, kind, lambda: self._client.request(method, place, **body))

    def _some_run(self, turn: int) -> int:
        latest = self._world.runs[-STORED:]
        return latest[turn * 7 % len(latest)]


def recorded(log: Log, kind: str, send: Callable[[], httpx.Response]) -> httpx.Response | None:
    """Send one request and record it; return None after an error."""
    answer, error, began = None, "", time.perf_counter()
    try:
        answer = send()
        if answer.status_code >= httpx.codes.BAD_REQUEST or answer.has_redirect_location:
            error = f"{answer.status_code} {answer.text[:200]}"
    except httpx.HTTPError as failure:
        error = repr(failure)
    log.record(kind, time.perf_counter() - began, error)
    return None if error else answer


MIX: tuple[Callable[[Visitor, int], None], ...] = (
    *(Visitor.list_runs, Visitor.dispatch, Visitor.look_at, Visitor.report, Visitor.poll),
    *(Visitor.list_tasks, Visitor.report, Visitor.explain, Visitor.dispatch, Visitor.page),
    *(Visitor.report, Visitor.poll, Visitor.list_events, Visitor.report, Visitor.dashboard),
    *(Visitor.poll, Visitor.dispatch, Visitor.create, Visitor.report),
)
"""The requests of a visitor, repeated in this order: about as many reports as dispatches."""

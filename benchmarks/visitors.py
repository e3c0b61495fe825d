"""People and programs that use the site at the same time, and what each request took."""

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
"""Runs that are asked for, the latest ones."""


class Host(HostRunner):
    """A host-runner that takes everything, for others to report on."""

    def __init__(self) -> None:
        """Begin with nothing to report on."""
        super().__init__()
        self.open: SimpleQueue[Submission] = SimpleQueue()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Take a task, and remember nothing else."""
        self.open.put(body)
        return 202, {"task_id": body["task_id"], "status": "queued"}


@dataclass
class Log:
    """What requests took, by kind, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often, by kind and by what was said."""

    def keep(self, kind: str, seconds: float, error: str) -> None:
        """Note one request."""
        self.seconds[kind].append(seconds)
        if error:
            self.errors[kind, error] += 1


@dataclass
class World:
    """What all visitors know: the runs, what they are made of, and what may be reported on."""

    template_id: int
    host: Host
    runs: list[int]
    """Ids, the latest one last."""
    log: Log = field(default_factory=Log)


class Visitor:
    """Somebody who asks one thing after the other, without a pause."""

    def __init__(self, world: World, client: httpx.Client, number: int) -> None:
        """Begin at another place of the mix than others do."""
        self._world = world
        self._client = client
        self._turns = count(number)
        self._seen: dict[int, str] = {}
        """The latest event that was seen of a run."""

    def stay(self, goes_on: Callable[[], bool]) -> None:
        """Ask while `goes_on`."""
        while goes_on():
            turn = next(self._turns)
            MIX[turn % len(MIX)](self, self._some_run(turn))

    def visit_once(self) -> None:
        """Ask everything once."""
        for ask in dict.fromkeys(MIX):
            ask(self, self._some_run(next(self._turns)))

    def create(self, _: int) -> None:
        """Create a run that goes on by itself, once something of it is dispatched."""
        body = {"workflow_template_id": self._world.template_id, "auto_dispatch": True}
        if answer := self.ask("POST /workflow-runs", "/workflow-runs", json=body):
            self._world.runs.append(answer.json()["id"])

    def dispatch(self, run: int) -> None:
        """Dispatch one task."""
        self.ask("POST …/dispatch-ready", f"/workflow-runs/{run}/dispatch-ready", json={})

    def report(self, run: int) -> None:
        """Report the start and the end of a task, as its runner; without one, dispatch some."""
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
        """Look at the list of runs."""
        self.ask("GET /workflow-runs", "/workflow-runs?limit=50")

    def look_at(self, run: int) -> None:
        """Look at a run, by API."""
        self.ask("GET /workflow-runs/{id}", f"/workflow-runs/{run}")

    def list_tasks(self, run: int) -> None:
        """Look at the tasks of a run."""
        self.ask("GET /tasks?run_id=", f"/tasks?run_id={run}")

    def list_events(self, run: int) -> None:
        """Look at the trail of a run."""
        self.ask("GET /events?run_id=", f"/events?run_id={run}")

    def explain(self, run: int) -> None:
        """Ask why a run does not move."""
        self.ask("GET …/explain", f"/workflow-runs/{run}/explain")

    def dashboard(self, _: int) -> None:
        """Look at the dashboard."""
        self.ask("the dashboard", reverse("admin:index"))

    def page(self, run: int) -> None:
        """Look at the page of a run, and have its graph drawn."""
        self.ask("the page of a run", reverse("admin:workflows_workflowrun_change", args=[run]))
        self.ask("its graph", reverse("admin:workflows_workflowrun_graph", args=[run]))

    def poll(self, run: int) -> None:
        """Ask what has changed, as an open page does every other second."""
        place = reverse("admin:workflows_workflowrun_changes", args=[run])
        seen = self._seen.get(run, "0")
        headers = {"If-None-Match": f'"{seen}"'}
        answer = self.ask("its poll", f"{place}?after={seen}", headers=headers)
        if answer and (tag := answer.headers.get("ETag")):
            self._seen[run] = tag.strip('W/"')

    def ask(self, kind: str, place: str, **body: Any) -> httpx.Response | None:
        """Send one request, and note what it took; None if it went wrong."""
        answer, error, began = None, "", time.perf_counter()
        try:
            answer = self._client.request("POST" if "json" in body else "GET", place, **body)
            if answer.status_code >= httpx.codes.BAD_REQUEST or answer.has_redirect_location:
                error = f"{answer.status_code} {answer.text[:200]}"
        except httpx.HTTPError as failure:
            error = repr(failure)
        self._world.log.keep(kind, time.perf_counter() - began, error)
        return None if error else answer

    def _some_run(self, turn: int) -> int:
        latest = self._world.runs[-STORED:]
        return latest[turn * 7 % len(latest)]


MIX: tuple[Callable[[Visitor, int], None], ...] = (
    *(Visitor.list_runs, Visitor.dispatch, Visitor.look_at, Visitor.report, Visitor.poll),
    *(Visitor.list_tasks, Visitor.report, Visitor.explain, Visitor.dispatch, Visitor.page),
    *(Visitor.report, Visitor.poll, Visitor.list_events, Visitor.report, Visitor.dashboard),
    *(Visitor.poll, Visitor.dispatch, Visitor.create, Visitor.report),
)
"""What a visitor does, again and again; runners report on about as much as is dispatched."""

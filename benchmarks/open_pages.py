"""Open pages of runs that are being executed: each polls as its scripts do."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import httpx
from django.urls import reverse

from benchmarks import graphs
from benchmarks.crowd import LoadResult
from benchmarks.product import create_benchmark_run, create_benchmark_template
from benchmarks.site import authenticated_client, serve_site
from benchmarks.visitors import Log, recorded
from runners.models import Runner

RUN_TASKS = 200
NAP = {"python": "benchmarks.nap", "kwargs": {"seconds": 1}}
"""Each run has a task that ends every second."""
SHORTEST_S, LONGEST_S, GROWTH, PER_ANSWER, ATTENTION_S = 1.0, 15.0, 1.4, 10, 8.0
"""As in live.js, poll.js and attention.js."""


class OpenPage:
    """One page of a run in one browser."""

    def __init__(self, client: httpx.Client, log: Log, run: int) -> None:
        """Nothing is asked for yet."""
        self._client = client
        self._log = log
        self._run = run

    def stay_open(self, over: Event, starts_in: float) -> None:
        """Load the page and poll until it is over."""
        over.wait(starts_in)
        self._get("the page of a run", "change")
        self._get("its graph", "graph")
        since, pause, next_attention = "0", SHORTEST_S, 0.0
        while not over.wait(pause):
            began = time.monotonic()
            if began >= next_attention:
                self._ask("numbers in the navigation", reverse("admin:attention"))
                next_attention = began + ATTENTION_S
            began = time.monotonic()
            answer = self._get("its poll", "changes", f"?after={since}", since)
            if answer is not None and answer.status_code == httpx.codes.OK:
                since, pause = answer.headers["ETag"].strip('W/"'), SHORTEST_S
            else:
                pause = min(LONGEST_S, pause * GROWTH)
            pause = max(pause, PER_ANSWER * (time.monotonic() - began))

    def _get(self, kind: str, view: str, query: str = "", since: str = "") -> httpx.Response | None:
        path = reverse(f"admin:workflows_workflowrun_{view}", args=[self._run])
        return self._ask(kind, path + query, {"If-None-Match": f'"{since}"'} if since else {})

    def _ask(
        self, kind: str, path: str, headers: dict[str, str] | None = None
    ) -> httpx.Response | None:
        return recorded(self._log, kind, lambda: self._client.get(path, headers=headers))


def measure_open_pages(pages: int, active: int, seconds: float) -> LoadResult:
    """Serve the site and execute runs, with so many pages open that show them."""
    Runner.objects.update(is_default=False)
    Runner.objects.update_or_create(
        name="here", defaults={"kind": "local", "is_default": True, "is_enabled": True}
    )
    template = create_benchmark_template(graphs.chain(RUN_TASKS), NAP)
    runs = [create_benchmark_run(template, auto_dispatch=True).pk for _ in range(active)]
    log, over = Log(), Event()
    with serve_site() as site, _executing(active), ThreadPoolExecutor(pages) as pool:
        open_pages = [
            OpenPage(authenticated_client(site), log, runs[number % active])
            for number in range(pages)
        ]
        before, began = site.memory_mb(), time.monotonic()
        for number, page in enumerate(open_pages):
            pool.submit(page.stay_open, over, seconds / 4 * number / pages)
        time.sleep(seconds)
        over.set()
        took = time.monotonic() - began
        memory = (before, site.memory_mb())
    return LoadResult(f"{pages} open pages of {active} active runs", log, took, memory)


@contextmanager
def _executing(concurrency: int) -> Iterator[None]:
    command = [sys.executable, "manage.py", "local_runner", "--grace", "1"]
    environment = {**os.environ, "LOG_LEVEL": "warning"}
    with subprocess.Popen(
        [*command, "--concurrency", str(concurrency)], env=environment
    ) as executor:
        try:
            yield
        finally:
            executor.terminate()

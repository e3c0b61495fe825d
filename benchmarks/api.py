"""Requests per second of a production server, asked by a few clients at once."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken

from benchmarks import graphs
from benchmarks.bench import Bench
from benchmarks.clock import Clock
from benchmarks.figures import Figure
from benchmarks.product import run_of, template_of
from tests.support.redis import free_port
from workflows.api.lists import DEFAULT_LIMIT

CLIENTS = 4
PAGE_TASKS = 200
LISTED_TASKS = 20
START_WITHIN_S = 60
GUNICORN = ["-m", "gunicorn", "orchestrator.wsgi", "--workers", "2", "--threads", "4"]

Ask = Callable[[httpx.Client, int], httpx.Response]
"""Sends one request, as client number n."""


def api(bench: Bench) -> Iterator[Figure]:
    """Dispatch-ready, the list of runs and the page of a run, over HTTP."""
    each = max(1, bench.scale.requests // CLIENTS)
    # One is dispatched per request, before the clock runs too; each client has a run of its own.
    template = template_of(graphs.beside(each * (bench.scale.repeat + 1)))
    runs = [run_of(template).pk for _ in range(CLIENTS)]
    shown = run_of(template_of(graphs.fan(PAGE_TASKS)))
    # What the list shows is of one size, whatever was measured before.
    listed = template_of(graphs.fan(LISTED_TASKS))
    for _ in range(DEFAULT_LIMIT):
        run_of(listed)
    page = reverse("admin:workflows_workflowrun_change", args=[shown.pk])
    asks: dict[str, Ask] = {
        "POST dispatch-ready": lambda client, n: client.post(
            f"/workflow-runs/{runs[n]}/dispatch-ready", json={}
        ),
        "GET the list of runs": lambda client, _: client.get("/workflow-runs"),
        "GET the page of a run": lambda client, _: client.get(page),
    }
    with _site() as address, ThreadPoolExecutor(CLIENTS) as pool:
        clients = [_client(address) for _ in range(CLIENTS)]
        for name, ask in asks.items():

            def once(clock: Clock, ask: Ask = ask) -> None:
                with clock:
                    list(pool.map(lambda n: _ask_again(ask, clients[n], n, each), range(CLIENTS)))

            yield bench.measure(name, each * CLIENTS, once, counts=False)


def _ask_again(ask: Ask, client: httpx.Client, n: int, times: int) -> None:
    for _ in range(times):
        ask(client, n).raise_for_status()


def _client(address: str) -> httpx.Client:
    """Return a client with a token for the API and a session for the pages."""
    user, _ = User.objects.get_or_create(username="bench", is_superuser=True, is_staff=True)
    browser = Client()
    browser.force_login(user)
    return httpx.Client(
        base_url=address,
        headers={"Authorization": f"Token {AuthToken.objects.create(user)[1]}"},
        cookies={"sessionid": browser.cookies["sessionid"].value},
        timeout=60,
    )


@contextmanager
def _site() -> Iterator[str]:
    """Serve the site as in production; yield its address."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, *GUNICORN, "--bind", address, "--log-level", "warning"]
    with subprocess.Popen(command, env=os.environ) as server:
        try:
            _wait_for(f"http://{address}/readyz", server)
            yield f"http://{address}"
        finally:
            server.terminate()


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    give_up_at = time.monotonic() + START_WITHIN_S
    while server.poll() is None and time.monotonic() < give_up_at:
        try:
            httpx.get(url).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the site does not start")

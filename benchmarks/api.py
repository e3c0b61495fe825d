"""Requests per second of a production server, asked by a few clients at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
from django.urls import reverse

from benchmarks import graphs
from benchmarks.bench import Bench
from benchmarks.clock import Clock
from benchmarks.figures import Figure
from benchmarks.product import run_of, template_of
from benchmarks.site import client_of, serving
from workflows.api.pagination import DEFAULT_LIMIT

CLIENTS = 4
PAGE_TASKS = 200
LISTED_TASKS = 20

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
    with serving() as site, ThreadPoolExecutor(CLIENTS) as pool:
        clients = [client_of(site) for _ in range(CLIENTS)]
        for name, ask in asks.items():

            def once(clock: Clock, ask: Ask = ask) -> None:
                with clock:
                    list(pool.map(lambda n: _ask_again(ask, clients[n], n, each), range(CLIENTS)))

            yield bench.measure(name, each * CLIENTS, once, counts=False)


def _ask_again(ask: Ask, client: httpx.Client, n: int, times: int) -> None:
    for _ in range(times):
        ask(client, n).raise_for_status()

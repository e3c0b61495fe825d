"""Requests per second of a production server, asked by a few clients at once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
from django.urls import reverse

from benchmarks import graphs
from benchmarks.bench import Bench
from benchmarks.clock import Clock
from benchmarks.figures import Figure
from benchmarks.product import create_benchmark_run, create_benchmark_template
from benchmarks.site import authenticated_client, serve_site
from workflows.api.pagination import DEFAULT_LIMIT

CLIENTS = 4
PAGE_TASKS = 200
LISTED_TASKS = 20

SendRequest = Callable[[httpx.Client, int], httpx.Response]
"""Sends one request, as client number n."""


def api(bench: Bench) -> Iterator[Figure]:
    """Measure dispatch-ready, the list of runs and the page of a run, over HTTP."""
    each = max(1, bench.scale.requests // CLIENTS)
    # Each request dispatches one task, in the untimed lap too; each client has its own run.
    template = create_benchmark_template(graphs.independent(each * (bench.scale.repeat + 1)))
    runs = [create_benchmark_run(template).pk for _ in range(CLIENTS)]
    shown = create_benchmark_run(create_benchmark_template(graphs.fan(PAGE_TASKS)))
    # The listed runs have one size, independent of the workloads measured before.
    listed = create_benchmark_template(graphs.fan(LISTED_TASKS))
    for _ in range(DEFAULT_LIMIT):
        create_benchmark_run(listed)
    page = reverse("admin:workflows_workflowrun_change", args=[shown.pk])
    requests: dict[str, SendRequest] = {
        "POST dispatch-ready": lambda client, n: client.post(
            f"/workflow-runs/{runs[n]}/dispatch-ready", json={}
        ),
        "GET the list of runs": lambda client, _: client.get("/workflow-runs"),
        "GET the page of a run": lambda client, _: client.get(page),
    }
    with serve_site() as site, ThreadPoolExecutor(CLIENTS) as pool:
        clients = [authenticated_client(site) for _ in range(CLIENTS)]
        for name, send in requests.items():

            def once(clock: Clock, send: SendRequest = send) -> None:
                with clock:
                    list(pool.map(partial(_repeat_request, send, clients, each), range(CLIENTS)))

            yield bench.measure(name, each * CLIENTS, once, counts=False)


def _repeat_request(send: SendRequest, clients: Sequence[httpx.Client], times: int, n: int) -> None:
    for _ in range(times):
        send(clients[n], n).raise_for_status()

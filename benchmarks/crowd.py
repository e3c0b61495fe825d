"""Many clients of one site, alone with it and while a large run expands."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks import graphs
from benchmarks.product import create_benchmark_run, create_benchmark_template
from benchmarks.site import Site, authenticated_client, serve_site
from benchmarks.visitors import EXPANSION, RUNNER, Host, Log, Visitor, World
from runners.models import Runner
from tests.support.host_runner import serving as serving_host

TASKS = 20
"""In each run that the clients create, dispatch and report on."""
RUNS = 60
"""Created before the first request."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The requests that clients sent during one measurement, and the memory of the site."""

    name: str
    log: Log
    seconds: float
    memory_mb: tuple[list[float], list[float]]
    """Of each worker, before and after."""


class Crowd:
    """A number of clients that send requests to a site at the same time."""

    def __init__(self, site: Site, world: World, size: int) -> None:
        """Log the clients in; each sends every kind of request once, which is not counted."""
        self._site = site
        self._world = world
        self._size = size
        self._pool = ThreadPoolExecutor(size + 1)
        *self._visitors, self._one_more = (
            Visitor(world, authenticated_client(site), n) for n in range(size + 1)
        )
        self._each_visitor(Visitor.visit_once)
        if world.log.errors:
            raise SystemExit("\n".join(map(": ".join, world.log.errors)))

    def measure(self, seconds: float) -> LoadResult:
        """Send requests for so many seconds."""
        until = time.monotonic() + seconds
        return self._measure(f"{self._size} clients", lambda: time.monotonic() < until)

    def measure_while_expanding(self, size: int, seconds: float) -> LoadResult:
        """Send requests while one more client creates a run of `size` tasks, at least `seconds`."""
        template = create_benchmark_template(graphs.lattice(size))
        body = {"workflow_template_id": template.pk}
        until = time.monotonic() + seconds
        run = self._pool.submit(self._one_more.ask, EXPANSION, "/workflow-runs", json=body)
        name = f"{self._size} clients while {size:,} tasks expand"
        return self._measure(name, lambda: not run.done() or time.monotonic() < until)

    def _measure(self, name: str, keep_going: Callable[[], bool]) -> LoadResult:
        self._world.log = Log()
        began, before = time.monotonic(), self._site.memory_mb()
        self._each_visitor(lambda visitor: visitor.visit_while(keep_going))
        seconds, after = time.monotonic() - began, self._site.memory_mb()
        return LoadResult(name, self._world.log, seconds, (before, after))

    def _each_visitor(self, act: Callable[[Visitor], None]) -> None:
        list(self._pool.map(act, self._visitors))


@contextmanager
def serve_crowd(size: int) -> Iterator[Crowd]:
    """Serve the site and a host-runner for which the clients report; yield the clients."""
    with serving_host(Host()) as host, serve_site() as site:
        Runner.objects.update(is_default=False)
        Runner.objects.create(name=RUNNER, kind="http", url=host.url, is_default=True)
        template = create_benchmark_template(graphs.lattice(TASKS), {"prompt": "work"})
        runs = [create_benchmark_run(template, auto_dispatch=True).pk for _ in range(RUNS)]
        yield Crowd(site, World(template.pk, host, runs), size)

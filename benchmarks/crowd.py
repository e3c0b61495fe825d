"""Many clients of one site, alone with it and while a large run expands."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks import graphs
from benchmarks.product import run_of, template_of
from benchmarks.site import Site, client_of, serving
from benchmarks.visitors import EXPANSION, RUNNER, Host, Log, Visitor, World
from runners.models import Runner
from tests.support.host_runner import serving as serving_host

TASKS = 20
"""Of a run that is created, dispatched and reported on."""
RUNS = 60
"""That are there before anybody comes."""


@dataclass(frozen=True, slots=True)
class Stay:
    """What clients met with for a while."""

    name: str
    log: Log
    seconds: float
    memory_mb: tuple[list[float], list[float]]
    """Of each worker, at the begin and at the end."""


class Crowd:
    """Clients of a site, as many as are wanted."""

    def __init__(self, site: Site, world: World, size: int) -> None:
        """Have each of them ask everything once, which is not counted."""
        self._site = site
        self._world = world
        self._size = size
        self._pool = ThreadPoolExecutor(size + 1)
        *self._visitors, self._one_more = (
            Visitor(world, client_of(site), n) for n in range(size + 1)
        )
        self._everybody(Visitor.visit_once)
        if world.log.errors:
            raise SystemExit("\n".join(map(": ".join, world.log.errors)))

    def stay(self, seconds: float) -> Stay:
        """Ask for so long."""
        until = time.monotonic() + seconds
        return self._stay(f"{self._size} clients", lambda: time.monotonic() < until)

    def stay_while_expanding(self, size: int, seconds: float) -> Stay:
        """Ask while one more client creates a run of so many tasks, and for so long at least."""
        template = template_of(graphs.lattice(size))
        body = {"workflow_template_id": template.pk}
        until = time.monotonic() + seconds
        run = self._pool.submit(self._one_more.ask, EXPANSION, "/workflow-runs", json=body)
        name = f"{self._size} clients while {size:,} tasks expand"
        return self._stay(name, lambda: not run.done() or time.monotonic() < until)

    def _stay(self, name: str, goes_on: Callable[[], bool]) -> Stay:
        self._world.log = Log()
        began, before = time.monotonic(), self._site.memory_mb()
        self._everybody(lambda visitor: visitor.stay(goes_on))
        seconds, after = time.monotonic() - began, self._site.memory_mb()
        return Stay(name, self._world.log, seconds, (before, after))

    def _everybody(self, does: Callable[[Visitor], None]) -> None:
        list(self._pool.map(does, self._visitors))


@contextmanager
def crowd(size: int) -> Iterator[Crowd]:
    """Serve the site, and gather clients of it, and a runner elsewhere that they report for."""
    with serving_host(Host()) as host, serving() as site:
        Runner.objects.update(is_default=False)
        Runner.objects.create(name=RUNNER, kind="http", url=host.url, is_default=True)
        template = template_of(graphs.lattice(TASKS), {"prompt": "work"})
        runs = [run_of(template, auto_dispatch=True).pk for _ in range(RUNS)]
        yield Crowd(site, World(template.pk, host, runs), size)

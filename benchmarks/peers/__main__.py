"""`python -m benchmarks.peers [PEER ...]`: measure the product beside other orchestrators."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks.databases import fresh, set_up
from benchmarks.figures import duration, table
from benchmarks.graphs import chain, fan
from benchmarks.options import add_common_options, clean_up_on_sigterm, find_recordings
from benchmarks.peers.environment import NAMES, NotInstalled, dependencies, description, interpreter
from benchmarks.peers.peer import Peer, PeerFailed
from benchmarks.peers.protocol import Workload
from benchmarks.publishing import describe_conditions, publish
from tests.support import postgres, redis
from workflows.management.arguments import positive

SLOW_S = 20
"""A workload that took longer is not repeated."""
WARM_UP = [Workload("chain-warm-up", "noop", chain(3)), Workload("fan-warm-up", "noop", fan(3))]


@dataclass
class Comparison:
    """The times of one workload on a peer and, alternately, on the product."""

    peer: str
    workload: str
    theirs: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    note: str = ""

    def cell(self) -> str:
        """Return the peer's median and its ratio to ours."""
        if not self.theirs:
            return self.note
        theirs, ours = median(self.theirs), median(self.ours)
        return f"{duration(theirs)} ({theirs / ours:.1f}×)"


class Product:
    """The product, run in this process on PostgreSQL."""

    def __init__(self, url: str) -> None:
        """Set the product up and warm its slots."""
        set_up(url)
        from benchmarks import product
        from benchmarks.clock import Clock

        self._product, self._clock = product, Clock
        self._slots = product.warm_slots()
        self._templates: dict[str, Any] = {}

    def time(self, work: Workload) -> float:
        """Return the seconds that a workload takes, with the creation of its run."""
        if work.name not in self._templates:
            payload = self._product.PAYLOADS[work.function]
            template = self._product.create_benchmark_template(work.graph, payload)
            self._templates[work.name] = template
        clock = self._clock()
        self._product.execute_run(self._templates[work.name], self._slots, clock)
        return clock.seconds

    def close(self) -> None:
        """End the slots."""
        self._slots.close()


def workloads(options: Namespace) -> list[Workload]:
    """Return the workloads that each system executes."""
    from benchmarks.product import read_recording

    recordings = [Workload(file.stem, "noop", read_recording(file)) for file in options.recordings]
    generated = [Workload("chain40", "fibo", chain(40)), Workload("fan200", "noop", fan(200))]
    return [*generated, *recordings]


def measure(
    name: str, ours: Product, workloads: Sequence[Workload], options: Namespace, **services: str
) -> Iterator[Comparison]:
    """Yield the comparison for each workload; the product runs before the peer each time."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    try:
        python = interpreter(name)
        with Peer(f"benchmarks.peers.{name}", python, **services) as peer:
            _warm_up(peer)
            for work in workloads:
                yield _compare(name, peer, ours, work, options)
    except (NotInstalled, PeerFailed) as exc:
        yield Comparison(name, "", note=str(exc))


def _warm_up(peer: Peer) -> None:
    for work in WARM_UP:
        peer.time(work, within_s=120)


def _compare(
    name: str, peer: Peer, ours: Product, work: Workload, options: Namespace
) -> Comparison:
    comparison = Comparison(name, work.name)
    while len(comparison.theirs) < options.repeat and max(comparison.theirs, default=0) < SLOW_S:
        comparison.ours.append(ours.time(work))
        try:
            comparison.theirs.append(peer.time(work, within_s=options.limit))
        except PeerFailed as exc:
            comparison.note = str(exc)
            break
    return comparison


def comparison_table(comparisons: Sequence[Comparison], workloads: Sequence[Workload]) -> str:
    """Return a table with a line for each system and a column for each workload."""
    cells = {(each.peer, each.workload): each.cell() for each in comparisons}
    peers = dict.fromkeys(each.peer for each in comparisons if each.workload)
    headings = ["", *(f"{work.name} ({len(work.graph):,})" for work in workloads)]
    own = ["this product", *(_own_times(comparisons, work) for work in workloads)]
    rows = [[name, *(cells.get((name, work.name), "") for work in workloads)] for name in peers]
    return table(headings, [own, *rows])


def _own_times(comparisons: Sequence[Comparison], work: Workload) -> str:
    times = [time for each in comparisons if each.workload == work.name for time in each.ours]
    if not times:
        return ""
    return f"{duration(median(times))} ({duration(min(times))} … {duration(max(times))})"


def describe_peers(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Yield a line on each peer, with the reason if it was skipped."""
    skipped = {each.peer: f" Skipped: {each.note}" for each in comparisons if not each.workload}
    for name in dict.fromkeys(each.peer for each in comparisons):
        about = f"{description(name)}{skipped.get(name, '')}"
        yield f"- **{name}** ({', '.join(dependencies(name))}): {about}"


def parse_arguments(words: Sequence[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument(
        "peers", nargs="*", choices=[*NAMES, []], metavar="PEER", help="default: all"
    )
    parser.add_argument("--repeat", type=positive, default=3, help="times that each is measured")
    parser.add_argument("--limit", type=float, default=120, help="timeout of a peer in seconds")
    add_common_options(parser)
    options = parser.parse_args(words)
    options.recordings = find_recordings(options.wfformat)
    return options


def main(words: Sequence[str]) -> int:
    """Measure, print the table, and write the files that were asked for."""
    options = parse_arguments(words)
    clean_up_on_sigterm()
    with postgres.server(durable=True) as server, redis.broker() as broker, fresh(server) as own:
        ours = Product(own)
        about, todo = describe_conditions("postgresql"), workloads(options)
        comparisons: list[Comparison] = []
        for work in (*WARM_UP, *todo):
            ours.time(work)
        for name in options.peers or NAMES:
            with fresh(server) as url:
                services = {"DATABASE_URL": url, "REDIS_URL": broker or ""}
                comparisons += measure(name, ours, todo, options, **services)
        ours.close()
    peers = "\n".join(describe_peers(comparisons))
    text = "\n\n".join([about, comparison_table(comparisons, todo), peers])
    print(f"\n{text}")
    if options.json:
        content = {"conditions": about, "comparisons": [vars(each) for each in comparisons]}
        options.json.write_text(json.dumps(content, indent=1))
    if options.publish:
        publish("peers", text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

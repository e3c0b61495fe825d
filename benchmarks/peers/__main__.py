"""`python -m benchmarks.peers [PEER ...]`: the product and other orchestrators, in turn."""

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
from benchmarks.options import add_common, clean_up_on_sigterm, files
from benchmarks.peers.environment import NAMES, NotInstalled, dependencies, description, interpreter
from benchmarks.peers.peer import Failed, Peer
from benchmarks.peers.protocol import Work
from benchmarks.publishing import conditions, publish
from tests.support import postgres, redis
from workflows.management.arguments import positive

SLOW_S = 20
"""A time longer than this is not taken again."""
WARM_UP = [Work("chain-warm-up", "noop", chain(3)), Work("fan-warm-up", "noop", fan(3))]


@dataclass
class Duel:
    """One work on one peer, and on the product in between."""

    peer: str
    work: str
    theirs: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    note: str = ""

    def cell(self) -> str:
        """Return the peer's median, and how many times ours it is."""
        if not self.theirs:
            return self.note
        theirs, ours = median(self.theirs), median(self.ours)
        return f"{duration(theirs)} ({theirs / ours:.1f}×)"


class Ours:
    """The product, in this process, on PostgreSQL."""

    def __init__(self, url: str) -> None:
        """Set it up, with its processes warm."""
        set_up(url)
        from benchmarks import product
        from benchmarks.clock import Clock

        self._product, self._clock = product, Clock
        self._slots = product.Slots()
        self._templates: dict[str, Any] = {}

    def time(self, work: Work) -> float:
        """Return the seconds that a work takes, its run's creation included."""
        if work.name not in self._templates:
            payload = self._product.PAYLOADS[work.function]
            self._templates[work.name] = self._product.template_of(work.graph, payload)
        clock = self._clock()
        self._product.see_through(self._templates[work.name], self._slots, clock)
        return clock.seconds

    def close(self) -> None:
        """End its processes."""
        self._slots.close()


def works(options: Namespace) -> list[Work]:
    """Return what everybody executes."""
    from benchmarks.product import recorded

    recordings = [Work(file.stem, "noop", recorded(file)) for file in options.recordings]
    return [Work("chain40", "fibo", chain(40)), Work("fan200", "noop", fan(200)), *recordings]


def measure(
    name: str, ours: Ours, works: Sequence[Work], options: Namespace, **services: str
) -> Iterator[Duel]:
    """Yield how a peer does each work, each time after the product."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    try:
        python = interpreter(name)
        with Peer(f"benchmarks.peers.{name}", python, **services) as peer:
            _warm_up(peer)
            for work in works:
                yield _duel(name, peer, ours, work, options)
    except (NotInstalled, Failed) as exc:
        yield Duel(name, "", note=str(exc))


def _warm_up(peer: Peer) -> None:
    for work in WARM_UP:
        peer.time(work, within_s=120)


def _duel(name: str, peer: Peer, ours: Ours, work: Work, options: Namespace) -> Duel:
    duel = Duel(name, work.name)
    while len(duel.theirs) < options.repeat and max(duel.theirs, default=0) < SLOW_S:
        duel.ours.append(ours.time(work))
        try:
            duel.theirs.append(peer.time(work, within_s=options.limit))
        except Failed as exc:
            duel.note = str(exc)
            break
    return duel


def shown(duels: Sequence[Duel], works: Sequence[Work]) -> str:
    """Return the table: a line for each system, a column for each work."""
    cells = {(duel.peer, duel.work): duel.cell() for duel in duels}
    peers = dict.fromkeys(duel.peer for duel in duels if duel.work)
    headings = ["", *(f"{work.name} ({len(work.graph):,})" for work in works)]
    own = ["this product", *(_own(duels, work) for work in works)]
    rows = [[name, *(cells.get((name, work.name), "") for work in works)] for name in peers]
    return table(headings, [own, *rows])


def _own(duels: Sequence[Duel], work: Work) -> str:
    times = [time for duel in duels if duel.work == work.name for time in duel.ours]
    if not times:
        return ""
    return f"{duration(median(times))} ({duration(min(times))} … {duration(max(times))})"


def told(duels: Sequence[Duel]) -> Iterator[str]:
    """Yield what each peer is, and why one is missing."""
    for name in dict.fromkeys(duel.peer for duel in duels):
        missing = next((f" Skipped: {d.note}" for d in duels if d.peer == name and not d.work), "")
        yield f"- **{name}** ({', '.join(dependencies(name))}): {description(name)}{missing}"


def arguments(words: Sequence[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument(
        "peers", nargs="*", choices=[*NAMES, []], metavar="PEER", help="default: all"
    )
    parser.add_argument("--repeat", type=positive, default=3, help="times that each is measured")
    parser.add_argument("--limit", type=float, default=120, help="seconds that a peer gets")
    add_common(parser)
    options = parser.parse_args(words)
    options.recordings = files(options.wfformat)
    return options


def main(words: Sequence[str]) -> int:
    """Measure, print, and write down."""
    options = arguments(words)
    clean_up_on_sigterm()
    with postgres.server(durable=True) as server, redis.broker() as broker, fresh(server) as own:
        ours = Ours(own)
        about, todo = conditions("postgresql"), works(options)
        duels: list[Duel] = []
        for work in (*WARM_UP, *todo):
            ours.time(work)
        for name in options.peers or NAMES:
            with fresh(server) as url:
                services = {"DATABASE_URL": url, "REDIS_URL": broker or ""}
                duels += measure(name, ours, todo, options, **services)
        ours.close()
    text = "\n\n".join([about, shown(duels, todo), "\n".join(told(duels))])
    print(f"\n{text}")
    if options.json:
        content = {"conditions": about, "duels": [vars(duel) for duel in duels]}
        options.json.write_text(json.dumps(content, indent=1))
    if options.publish:
        publish("peers", text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

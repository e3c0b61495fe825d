"""`python -m benchmarks.load`: many clients at a production server, also while a run expands."""

import json
import math
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.databases import KINDS, database, set_up
from benchmarks.figures import Row, duration, table
from benchmarks.options import clean_up_on_sigterm
from benchmarks.publishing import conditions, publish
from benchmarks.visitors import EXPANSION
from workflows.management.arguments import positive

if TYPE_CHECKING:
    from benchmarks.crowd import Stay

ALL = "all small ones"
HEADINGS = ["request", "number", "per s", "p50", "p95", "p99", "longest", "errors"]
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "longest": 1.0}


def arguments(words: Sequence[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--database", choices=KINDS, default=KINDS[0])
    parser.add_argument("--seconds", type=positive, default=120, help="(default: %(default)s)")
    parser.add_argument("--clients", type=positive, default=50, help="(default: %(default)s)")
    parser.add_argument(
        "--expand", type=positive, default=100_000, help="tasks of the run (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument(
        "--publish", action="store_true", help="also write the tables into docs/performance.md"
    )
    return parser.parse_args(words)


def measure(options: Namespace) -> Iterator["Stay"]:
    """Yield what the clients met with: alone for a while, then beside an expansion."""
    from benchmarks.crowd import crowd

    with crowd(options.clients) as clients:
        yield clients.stay(options.seconds)
        yield clients.stay_while_expanding(options.expand, options.seconds / 4)


def figures(stay: "Stay") -> Iterator[dict[str, Any]]:
    """Yield a line for each kind of request, and one for all that have to do with small runs."""
    log = stay.log
    small = [each for kind, took in log.seconds.items() if kind != EXPANSION for each in took]
    for kind, took in [*sorted(log.seconds.items()), (ALL, small)]:
        yield {
            "request": kind,
            "number": len(took),
            "per s": len(took) / stay.seconds,
            **{name: percentile(took, share) for name, share in SHARES.items()},
            "errors": sum(log.errors[error] for error in log.errors if _is_of(kind, error)),
        }


def _is_of(kind: str, error: tuple[str, str]) -> bool:
    return kind in {ALL, error[0]}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that so large a share of the values does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def shown(stay: "Stay") -> Iterator[str]:
    """Yield what was measured, as paragraphs."""
    yield f"**{stay.name}**, {stay.seconds:.0f} s:"
    yield table(HEADINGS, [_row(figure) for figure in figures(stay)])
    before, after = (" and ".join(f"{each:.0f}" for each in each) for each in stay.memory_mb)
    yield f"Memory of the workers: {before} MB at the begin, {after} MB at the end."


def _row(figure: dict[str, Any]) -> Row:
    times = [duration(figure[name]) for name in SHARES]
    rate = f"{figure['per s']:.3g}"
    return [figure["request"], f"{figure['number']:,}", rate, *times, str(figure["errors"])]


def wrong(stay: "Stay") -> Iterator[str]:
    """Yield what went wrong, a line for each kind of error."""
    for (kind, what), times in stay.log.errors.items():
        yield f"{stay.name}: {kind}: {times} × {what}"


def main(words: Sequence[str]) -> int:
    """Measure, print, and write down; 1 if anything went wrong."""
    options = arguments(words)
    clean_up_on_sigterm()
    with database(options.database) as url:
        set_up(url)
        about = conditions(options.database)
        stays = list(measure(options))
    text = "\n\n".join([about, *(part for stay in stays for part in shown(stay))])
    print(text)
    if options.json:
        content = {stay.name: list(figures(stay)) for stay in stays}
        options.json.write_text(json.dumps({"conditions": about, "figures": content}, indent=1))
    if options.publish:
        publish("load", text)
    errors = [error for stay in stays for error in wrong(stay)]
    for error in errors:
        print(error, file=sys.stderr)
    return int(bool(errors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

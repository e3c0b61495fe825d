"""`python -m benchmarks.load`: load a production server with clients, also during expansion."""

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
from benchmarks.publishing import describe_conditions, publish
from benchmarks.visitors import EXPANSION
from workflows.management.arguments import positive

if TYPE_CHECKING:
    from benchmarks.crowd import LoadResult

ALL = "all small ones"
HEADINGS = ["request", "number", "per s", "p50", "p95", "p99", "longest", "errors"]
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "longest": 1.0}


def parse_arguments(words: Sequence[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--database", choices=KINDS, default=KINDS[0])
    parser.add_argument("--seconds", type=positive, default=120, help="(default: %(default)s)")
    parser.add_argument("--clients", type=positive, default=50, help="(default: %(default)s)")
    parser.add_argument(
        "--expand", type=positive, default=100_000, help="tasks of the run (default: %(default)s)"
    )
    parser.add_argument(
        "--pages", type=positive, default=100, help="of runs, open (default: %(default)s)"
    )
    parser.add_argument(
        "--active", type=positive, default=20, help="runs that are shown (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument(
        "--publish", action="store_true", help="also write the tables into docs/performance.md"
    )
    return parser.parse_args(words)


def measure(options: Namespace) -> Iterator["LoadResult"]:
    """Yield the results of clients alone, of clients beside an expansion, and of open pages."""
    from benchmarks.crowd import serve_crowd
    from benchmarks.open_pages import measure_open_pages

    with serve_crowd(options.clients) as clients:
        yield clients.measure(options.seconds)
        yield clients.measure_while_expanding(options.expand, options.seconds / 4)
    yield measure_open_pages(options.pages, options.active, options.seconds)


def request_figures(result: "LoadResult") -> Iterator[dict[str, Any]]:
    """Yield a row for each kind of request, and one for all but the large expansion."""
    log = result.log
    small = [each for kind, took in log.seconds.items() if kind != EXPANSION for each in took]
    for kind, took in [*sorted(log.seconds.items()), (ALL, small)]:
        yield {
            "request": kind,
            "number": len(took),
            "per s": len(took) / result.seconds,
            **{name: percentile(took, share) for name, share in SHARES.items()},
            "errors": sum(log.errors[error] for error in log.errors if _counts_for(kind, error)),
        }


def _counts_for(kind: str, error: tuple[str, str]) -> bool:
    return kind in {ALL, error[0]}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def report_parts(result: "LoadResult") -> Iterator[str]:
    """Yield the paragraphs of the report on one measurement."""
    yield f"**{result.name}**, {result.seconds:.0f} s:"
    yield table(HEADINGS, [_row(figure) for figure in request_figures(result)])
    before, after = (" and ".join(f"{each:.0f}" for each in each) for each in result.memory_mb)
    yield f"Memory of the workers: {before} MB at the begin, {after} MB at the end."


def _row(figure: dict[str, Any]) -> Row:
    times = [duration(figure[name]) for name in SHARES]
    rate = f"{figure['per s']:.3g}"
    return [figure["request"], f"{figure['number']:,}", rate, *times, str(figure["errors"])]


def error_lines(result: "LoadResult") -> Iterator[str]:
    """Yield a line for each kind of error."""
    for (kind, what), times in result.log.errors.items():
        yield f"{result.name}: {kind}: {times} × {what}"


def main(words: Sequence[str]) -> int:
    """Measure, print the tables, and write the files asked for; return 1 after any error."""
    options = parse_arguments(words)
    clean_up_on_sigterm()
    with database(options.database) as url:
        set_up(url)
        about = describe_conditions(options.database)
        results = list(measure(options))
    text = "\n\n".join([about, *(part for result in results for part in report_parts(result))])
    print(text)
    if options.json:
        content = {result.name: list(request_figures(result)) for result in results}
        options.json.write_text(json.dumps({"conditions": about, "figures": content}, indent=1))
    if options.publish:
        publish("load", text)
    errors = [error for result in results for error in error_lines(result)]
    for error in errors:
        print(error, file=sys.stderr)
    return int(bool(errors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m benchmarks [WORKLOAD ...]`: measure the product beside the bare database."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.databases import KINDS, database, set_up
from benchmarks.figures import HEADINGS, Figure, table
from benchmarks.options import add_common_options, clean_up_on_sigterm, find_recordings
from benchmarks.publishing import describe_conditions, publish
from workflows.management.arguments import positive

if TYPE_CHECKING:
    from benchmarks.bench import Bench


def parse_arguments(words: Sequence[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="default: all")
    parser.add_argument("--database", choices=KINDS, default=KINDS[0])
    parser.add_argument("--repeat", type=positive, help="times that each is measured (default: 3)")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="also runs of 100,000 tasks")
    size.add_argument("--smallest", action="store_true", help="only check that each workload runs")
    add_common_options(parser)
    options = parser.parse_args(words)
    options.recordings = find_recordings(options.wfformat)
    return options


def prepare(options: Namespace, url: str) -> "Bench":
    """Set up the product, the bare loop and the slots before anything is timed."""
    set_up(url)
    from benchmarks import bench
    from benchmarks.product import warm_slots
    from benchmarks.reference import reference

    scale = bench.FULL if options.full else bench.QUICK
    scale = bench.SMALLEST if options.smallest else scale
    if options.repeat:
        scale = replace(scale, repeat=options.repeat)
    return bench.Bench(url, scale, reference(url), warm_slots(), options.recordings)


def measure(bench: "Bench", names: Sequence[str]) -> Iterator[Figure]:
    """
    Yield the figures of the workloads; print the name of each before it is measured.

    :raises SystemExit: if a name is unknown; lists the known ones.
    """
    from benchmarks.workloads import WORKLOADS

    if unknown := set(names) - set(WORKLOADS):
        raise SystemExit(f"no workload {', '.join(unknown)}; there are: {', '.join(WORKLOADS)}")
    try:
        for name in names or WORKLOADS:
            print(f"{name} ...", file=sys.stderr, flush=True)
            yield from WORKLOADS[name](bench)
    finally:
        bench.slots.close()


def report_parts(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield the table, then a line for each workload that was skipped."""
    yield table(HEADINGS, [figure.row() for figure in figures if figure.seconds])
    yield from (f"{figure.name}: {figure.note}" for figure in figures if figure.note)


def main(words: Sequence[str]) -> int:
    """Measure the workloads, print the table, and write the files that were asked for."""
    options = parse_arguments(words)
    clean_up_on_sigterm()
    with database(options.database) as url:
        bench = prepare(options, url)
        about = describe_conditions(options.database)
        figures = list(measure(bench, options.workloads))
    text = "\n\n".join([about, *report_parts(figures)])
    print(f"\n{text}")
    if options.json:
        content = {"conditions": about, "figures": [figure.as_json() for figure in figures]}
        options.json.write_text(json.dumps(content, indent=1))
    if options.publish:
        publish(options.database, text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

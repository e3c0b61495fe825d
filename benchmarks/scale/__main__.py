"""`python -m benchmarks.scale`: every page and call with a history, beside the same without."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.databases import fresh, set_up
from benchmarks.options import clean_up_on_sigterm
from benchmarks.publishing import describe_conditions, publish
from tests.support import postgres
from workflows.management.arguments import positive

if TYPE_CHECKING:
    from benchmarks.scale.results import Line
    from benchmarks.scale.sites import Site

STEP = 20_000
"""Of so many tasks, one line of progress."""


def parse_arguments(words: Sequence[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--tasks", type=positive, default=1_000_000, help="of the history (default: %(default)s)"
    )
    parser.add_argument(
        "--repeat", type=positive, default=5, help="times that each is asked (default: %(default)s)"
    )
    parser.add_argument("--only", default="", help="the addresses that contain this text")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument(
        "--publish", action="store_true", help="also write the table into docs/performance.md"
    )
    return parser.parse_args(words)


@contextmanager
def two_sites(tasks: int) -> Iterator[tuple[str, list["Site"]]]:
    """Yield two sites, one of them with a history, and a sentence on that."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres.server(durable=True))
        urls = [stack.enter_context(fresh(server)) for _ in range(2)]
        set_up(urls[0])
        from django.core.management import call_command
        from django.db import connection

        from benchmarks.scale.history import build_history, build_samples, create_templates
        from benchmarks.scale.samples import Samples
        from benchmarks.scale.sites import Site

        short, long = (Site(urlsplit(url).path[1:]) for url in urls)
        create_templates()
        short.prepare(Samples(*build_samples()))
        long.use()
        call_command("migrate", verbosity=0)
        create_templates()
        began = perf_counter()
        runs = build_history(tasks, _say)
        seconds = perf_counter() - began
        long.prepare(Samples(*build_samples()))
        built = f"{runs:,} runs of 200 tasks, built in {seconds:,.0f} s by the product's functions"
        for site in (short, long):
            site.use()
            # What autovacuum does of itself, some minutes later.
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
        yield built, [short, long]
        connection.close()


def _say(tasks: int) -> None:
    if tasks % STEP == 0:
        print(f"{tasks:,} tasks", file=sys.stderr, flush=True)


def measure(sites: Sequence["Site"], options: Namespace) -> Iterator["Line"]:
    """Yield the hot path, then each address in both databases."""
    from benchmarks.scale.hot_path import compare_hot_paths
    from benchmarks.scale.results import Line
    from benchmarks.scale.sites import compare

    for name, (before, now) in compare_hot_paths(sites, times=4 * options.repeat).items():
        if now:
            yield Line(name, before, now, is_hot=True)
    for name in sites[1].addresses:
        if options.only in name:
            before, now = compare(sites, name, times=options.repeat)
            if now and now.seconds:
                yield Line(name, before, now)
            elif now:
                print(f"not measured, status {now.status}: {name}", file=sys.stderr)


def main(words: Sequence[str]) -> int:
    """Build, measure, print the table, and write the files asked for."""
    options = parse_arguments(words)
    clean_up_on_sigterm()
    with two_sites(options.tasks) as (built, sites):
        from benchmarks.scale.results import as_table, worth_publishing

        about = f"{describe_conditions('postgresql')} {built}."
        lines = list(measure(sites, options))
    over = [line for line in lines if line.is_over]
    text = f"{about} {len(lines)} pages, calls and acts were measured; {len(over)} miss a goal."
    print(f"{text}\n\n{as_table(lines)}")
    if options.json:
        content = {"conditions": text, "figures": [line.as_json() for line in lines]}
        options.json.write_text(json.dumps(content, indent=1))
    if options.publish:
        publish("scale", f"{text}\n\n{as_table(worth_publishing(lines))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""
`python -m benchmarks.year`: a year in which every day has so many runs, of which a month is kept.

Each run is executed by the product's functions, and each night what is due is removed by policy.
Printed for each month: the size of the database, and how long acts and pages take.
"""

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from benchmarks import graphs, simulated_time
from benchmarks.databases import fresh, set_up
from benchmarks.figures import table
from benchmarks.options import clean_up_on_sigterm
from benchmarks.publishing import describe_conditions, publish
from benchmarks.simulated_time import SimulatedTime
from tests.support import postgres
from workflows.management.arguments import positive

DAY_S = 86_400
MONTH = 30
TEMPLATES = 20
PAGES = (
    "/admin/",
    "/admin/workflows/workflowrun/",
    "/admin/workflows/taskattempt/",
    "/admin/workflows/event/",
    "/workflow-runs?limit=20",
    "/events?limit=20",
)
REPEAT = 9
HEADINGS = ["day", "runs there", "removed", "MB", "of which lines", "dispatch, ms", "tick, ms"]


def parse_arguments(words: Sequence[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(prog="python -m benchmarks.year", description=__doc__)
    parser.add_argument("--days", type=positive, default=360, help="default: %(default)s")
    parser.add_argument("--runs", type=positive, default=1_000, help="a day (default: %(default)s)")
    parser.add_argument("--tasks", type=positive, default=4, help="of a run (default: %(default)s)")
    parser.add_argument(
        "--keep", type=positive, default=30, help="days that runs are kept (default: %(default)s)"
    )
    parser.add_argument(
        "--publish", action="store_true", help="also write the table into docs/performance.md"
    )
    return parser.parse_args(words)


class Year:
    """An installation that lives through a simulated year."""

    def __init__(self, options: Namespace, clock: SimulatedTime) -> None:
        """Store the templates, and create somebody who looks at the pages."""
        from django.contrib.auth.models import User
        from django.test import Client

        from benchmarks.product import create_benchmark_template

        self._options, self._clock = options, clock
        graph = graphs.pairs(options.tasks)
        self._templates = [
            create_benchmark_template(graph, name=f"nightly {number}")
            for number in range(TEMPLATES)
        ]
        self._user = User.objects.create(username="ada", is_superuser=True, is_staff=True)
        self._client = Client()
        self._removed = 0

    def day(self) -> None:
        """Execute the runs of a day, spread over it; remove what is due at its end."""
        from benchmarks.scale.history import execute

        for number in range(self._options.runs):
            self._clock.go_on(DAY_S / self._options.runs)
            execute(self._templates[number % TEMPLATES], fails=number % 100 == 0)
        self._night()

    def _night(self) -> None:
        from django.db import connection

        from benchmarks.product import BY
        from workflows.retention.rounds import by_policy, steps

        for step in steps(by_policy(self._clock.now), by=BY):
            self._removed += step["runs removed"]
        # What autovacuum does of itself: the day took seconds, and it looks once in a minute.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def row(self, day: int) -> list[str]:
        """Measure, and return the cells of a day."""
        from benchmarks.product import BY
        from workflows import periodic
        from workflows.models import WorkflowRun

        self._client.force_login(self._user)  # who logged in last month has to log in again
        runs = WorkflowRun.objects.count()
        size, lines = _size(), _size("workflows_runrecord")
        pages = [_median(partial(self._get, page)) for page in PAGES]
        tick = _median(partial(periodic.run_all, by=BY))
        counts = [f"{number:,.0f}" for number in (runs, self._removed, size / 1e6, lines / 1e6)]
        times = [f"{1e3 * seconds:.1f}" for seconds in (self._dispatch(), tick, *pages)]
        return [str(day), *counts, *times]

    def _dispatch(self) -> float:
        """Return the median seconds of a dispatch; the runs of it are executed to their end."""
        from benchmarks.product import BY, create_benchmark_run
        from benchmarks.scale.history import finish
        from workflows.operations.dispatch_ready import dispatch_ready

        seconds = []
        for template in self._templates:
            run = create_benchmark_run(template, auto_dispatch=True)
            began = time.perf_counter()
            dispatch_ready(run.pk, limit=1, by=BY)
            seconds.append(time.perf_counter() - began)
            finish(run.pk)
        return median(seconds)

    def _get(self, page: str) -> None:
        answer: Any = self._client.get(page, SERVER_NAME="127.0.0.1")
        assert answer.status_code == 200, page  # noqa: S101 (else no figure)


def _median(act: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEAT + 1):
        began = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - began)
    return median(seconds[1:])


def _size(of_table: str = "") -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        if of_table:
            cursor.execute("SELECT pg_total_relation_size(%s)", [of_table])
        else:
            cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def live(options: Namespace) -> list[list[str]]:
    """Live through the days; return a row for each month, and see that the trail is whole."""
    from django.conf import settings
    from django.core.management import call_command

    settings.KEEP_RUNS_DAYS = options.keep
    rows = []
    with simulated_time.simulated(datetime.now(UTC) - timedelta(days=options.days)) as clock:
        year = Year(options, clock)
        for day in range(1, options.days + 1):
            year.day()
            if day % MONTH == 0 or day == options.days:
                rows.append(year.row(day))
                print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
        call_command("verify_run", "--all")
    return rows


def main(words: Sequence[str]) -> int:
    """Live through the year, print the table, and write it where it is asked for."""
    options = parse_arguments(words)
    clean_up_on_sigterm()
    with postgres.server(durable=True) as server, fresh(server) as url:
        simulated_time.prepare(url)
        set_up(url)
        about = describe_conditions("postgresql")
        began = time.perf_counter()
        rows = live(options)
    hours = (time.perf_counter() - began) / 3_600
    about += (
        f" {options.days} days of {options.runs:,} runs of {options.tasks} tasks, kept for "
        f"{options.keep} days; lived in {hours:.1f} hours."
    )
    text = f"{about}\n\n{table([*HEADINGS, *PAGES], rows)}"
    print(text)
    if options.publish:
        publish("year", text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""
`python -m benchmarks.retention`: most of a history is removed, while other runs are executed.

The command that removes is killed again and again. Measured meanwhile: dispatches and pages.
"""

import random
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from statistics import median
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.databases import fresh, set_up
from benchmarks.options import clean_up_on_sigterm
from benchmarks.publishing import describe_conditions
from tests.support import postgres
from workflows.management.arguments import positive

PAGES = ("/admin/", "/admin/workflows/workflowrun/", "/workflow-runs?limit=20", "/events?limit=20")
ACTIVE = 20
SHARE = 0.9
SETTLE_S = 3.0
"""So long the command works before it may be killed: it needs a second to start."""


def parse_arguments(words: Sequence[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(prog="python -m benchmarks.retention", description=__doc__)
    parser.add_argument("--tasks", type=positive, default=1_000_000, help="default: %(default)s")
    parser.add_argument("--kills", type=int, default=10, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=13, help="default: %(default)s")
    return parser.parse_args(words)


class Pruning(Thread):
    """Removes what ended before a moment, and is killed now and then."""

    def __init__(self, before: str, kills: int, seed: int) -> None:
        """Begin with nothing done."""
        super().__init__()
        self._command = [sys.executable, "manage.py", "prune", "--before", before, "--no-input"]
        self._kills = kills
        self._random = random.Random(seed)  # noqa: S311
        self.memory_mb: list[float] = []
        self.seconds = 0.0
        self.said = ""

    def run(self) -> None:
        """Prune until it ends by itself."""
        began = time.perf_counter()
        for _ in range(self._kills):
            with subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True) as process:
                self._watch(process, SETTLE_S + self._random.random() * SETTLE_S)
                process.kill()
        with subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True) as process:
            self._watch(process, float("inf"))
            self.said = process.stdout.read() if process.stdout else ""
        self.seconds = time.perf_counter() - began

    def _watch(self, process: "subprocess.Popen[str]", seconds: float) -> None:
        until = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < until:
            self.memory_mb.append(psutil.Process(process.pid).memory_info().rss / 1e6)
            time.sleep(0.2)


def main(words: Sequence[str]) -> int:
    """Build a history, remove most of it while others work, and print what was measured."""
    options = parse_arguments(words)
    clean_up_on_sigterm()
    with postgres.server(durable=True) as server, fresh(server) as url:
        set_up(url)
        print(describe_conditions("postgresql"), flush=True)
        _measure(options, urlsplit(url).path[1:])
    return 0


def _measure(options: Namespace, name: str) -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from benchmarks.scale.history import build_history, create_templates

    create_templates()
    built = build_history(round(options.tasks * SHARE))
    before = timezone.now()
    built += build_history(round(options.tasks * (1 - SHARE)))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    alone = _Work()
    alone.do_for(10.0)
    size = _size(name)
    pruning = Pruning(before.isoformat(), options.kills, options.seed)
    beside = _Work()
    pruning.start()
    while pruning.is_alive():
        beside.do_for(1.0)
    pruning.join()
    print(f"{built:,} runs; removed in {pruning.seconds:,.0f} s, {options.kills} kills included")
    print(f"the command said: {pruning.said.strip().splitlines()[-1]}")
    print(f"its memory: {min(pruning.memory_mb[5:]):.0f} to {max(pruning.memory_mb):.0f} MB")
    for text, work in (("alone", alone), ("meanwhile", beside)):
        print(f"{text}: {work.summary()}")
    after, began = _size(name), time.perf_counter()
    create = build_history(round(options.tasks * SHARE * 0.2))
    print(f"the database: {size / 1e6:,.0f} MB before, {after / 1e6:,.0f} MB after")
    print(
        f"{create:,} runs more: {_size(name) / 1e6:,.0f} MB ({time.perf_counter() - began:.0f} s)"
    )
    call_command("verify_run", "--all")


def _size(name: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(%s)", [name])
        return int(cursor.fetchone()[0])


class _Work:
    """Twenty runs that are executed in turn, and pages that are asked for meanwhile."""

    def __init__(self) -> None:
        from django.contrib.auth.models import User
        from django.test import Client

        user, _ = User.objects.get_or_create(username="ada", is_superuser=True, is_staff=True)
        self._client = Client()
        self._client.force_login(user)
        self._runs: list[Any] = []
        self._dispatches: list[float] = []
        self._requests: list[float] = []

    def do_for(self, seconds: float) -> None:
        """Dispatch, report and ask for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            while len(self._runs) < ACTIVE:
                self._runs.append(_new_run())
            for run in [*self._runs]:
                self._step(run)
            page = random.choice(PAGES)  # noqa: S311
            began = time.perf_counter()
            assert self._client.get(page, SERVER_NAME="127.0.0.1").status_code == 200  # noqa: S101
            self._requests.append(time.perf_counter() - began)

    def _step(self, run: Any) -> None:
        from benchmarks.product import BY
        from benchmarks.scale.history import REQUEST
        from workflows.dispatch.claims import claim_waiting
        from workflows.operations.dispatch_ready import dispatch_ready
        from workflows.reports.apply import apply_reports_and_claim
        from workflows.reports.report import Report

        began = time.perf_counter()
        answer = dispatch_ready(run.pk, limit=1, by=BY)
        self._dispatches.append(time.perf_counter() - began)
        if not answer.dispatches:
            self._runs.remove(run)
        started = claim_waiting(run.pk, REQUEST).started
        reports = [Report(attempt.pk, "success", 0, result=0) for attempt in started]
        apply_reports_and_claim(run.pk, reports, REQUEST)

    def summary(self) -> str:
        """Return how long dispatches and requests took."""
        dispatches, requests = sorted(self._dispatches), sorted(self._requests)
        p99 = dispatches[int(len(dispatches) * 0.99)]
        return (
            f"{len(dispatches):,} dispatches, median {1e3 * median(dispatches):.1f} ms, "
            f"p99 {1e3 * p99:.1f} ms, longest {1e3 * dispatches[-1]:.0f} ms; "
            f"{len(requests):,} requests, median {1e3 * median(requests):.0f} ms, "
            f"longest {1e3 * requests[-1]:.0f} ms"
        )


def _new_run() -> Any:
    from benchmarks.product import create_benchmark_run
    from workflows.models import WorkflowTemplate

    return create_benchmark_run(WorkflowTemplate.objects.order_by("pk")[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

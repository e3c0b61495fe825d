"""Verify that the trail of a run explains its rows."""

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from json import dumps
from typing import Any

from django.core.management.base import CommandError

from workflows.audit.findings import Examination, Finding
from workflows.audit.lines import find_changed_lines, head_of_lines
from workflows.audit.records import find_gone
from workflows.audit.verify import examine_run
from workflows.management.arguments import positive
from workflows.management.base import DatabaseCommand
from workflows.models import WorkflowRun


@dataclass(slots=True)
class Totals:
    """What was verified."""

    runs: int = 0
    findings: int = 0
    events: int = 0
    chained: int = 0
    not_chained: int = 0
    counted: int = 0
    sealed: int = 0
    removed: int = 0

    def add(self, examination: Examination) -> None:
        """Add a run."""
        self.runs += 1
        self.findings += len(examination.findings)
        self.events += examination.events
        self.chained += examination.chained + examination.of_creation
        self.not_chained += examination.not_chained
        self.counted += examination.counted
        self.sealed += bool(examination.sealed)
        self.removed += bool(examination.removed)

    @property
    def sentence(self) -> str:
        """What was verified, if there are no findings."""
        if self.removed and self.removed == self.runs:
            return "What stays of it is as it was written."
        chained = f"{self.chained:,} of {self.events:,} events are chained"
        return f"Runs verified: {self.runs}. The trail explains every row; {chained}."


class Command(DatabaseCommand):
    """`manage.py verify_run ID ...|--all [--json]`."""

    help = (
        "Follow the chained trail of runs, replay it, and print what in their rows it does not "
        "explain, one line per finding. Nothing is changed. Exit code 1 if there are findings or a "
        "run is unknown."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("run", metavar="ID", type=positive, nargs="*", default=[])
        which.add_argument("--all", action="store_true", help="Every run, the oldest first.")
        parser.add_argument(
            "--json",
            action="store_true",
            help="Print JSON: an object per finding, one with the head of each chain, a last one.",
        )

    def handle(self, *, run: list[int], json: bool, **options: Any) -> None:
        """Verify each run in turn, then look for runs that are gone."""
        total = Totals()
        for run_id in _all_runs() if options["all"] else run:
            examination = examine_run(run_id)
            self._print(examination.findings, as_json=json)
            total.add(examination)
            if json:
                self.stdout.write(dumps({"chain": examination.head_as_json()}))
            elif not options["all"]:
                self.stdout.write(examination.sentence)
        if options["all"]:
            total.findings += self._print(chain(find_gone(), find_changed_lines()), as_json=json)
        if json:
            self.stdout.write(dumps({"verified": {**asdict(total), **head_of_lines()}}))
        if total.findings:
            raise CommandError(f"findings: {total.findings}, in {total.runs} verified runs")
        for line in [] if json else _said(total, with_lines=options["all"]):
            self.stdout.write(line)

    def _print(self, findings: Iterable[Finding], *, as_json: bool) -> int:
        """Print findings; return their number."""
        count = 0
        for finding in findings:
            count += 1
            line = dumps(finding.as_json(), ensure_ascii=False)
            self.stdout.write(line if as_json else finding.sentence)
        return count


def _said(total: Totals, *, with_lines: bool) -> Iterator[str]:
    yield total.sentence
    if with_lines and (lines := head_of_lines()["line_number"]):
        yield f"Lines of removed runs verified: {lines}."


def _all_runs() -> Iterator[int]:
    return WorkflowRun.objects.order_by("pk").values_list("pk", flat=True).iterator()

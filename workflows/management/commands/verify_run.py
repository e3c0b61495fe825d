"""Prove that the trail explains a run."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.audit.verify import verify_run
from workflows.errors import NotFound
from workflows.management.arguments import positive
from workflows.models import WorkflowRun


class Command(BaseCommand):
    """`manage.py verify_run ID ...|--all [--json]`."""

    help = (
        "Replay the trail of runs, and say what in their rows it does not explain: a line for each "
        "finding. Nothing is changed. Exit code 1 if something was found, or a run is unknown."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("run", metavar="ID", type=positive, nargs="*", default=[])
        which.add_argument("--all", action="store_true", help="Every run, the oldest first.")
        parser.add_argument("--json", action="store_true", help="One JSON object a finding.")

    def handle(self, *, run: list[int], json: bool, **options: Any) -> None:
        """Verify one run after the other."""
        runs = _all() if options["all"] else run
        found = [self._verify(run_id, as_json=json) for run_id in runs]
        if any(found):
            raise CommandError(f"findings: {sum(found)}, in {len(found)} runs that were verified")
        if not json:
            self.stdout.write(f"Runs verified: {len(found)}. The trail explains every row.")

    def _verify(self, run_id: int, *, as_json: bool) -> int:
        """Write down what is found in a run; return how much."""
        try:
            findings = verify_run(run_id)
        except NotFound as exc:
            raise CommandError(exc.detail) from exc
        for finding in findings:
            line = json.dumps(finding.as_json(), ensure_ascii=False)
            self.stdout.write(line if as_json else finding.sentence)
        return len(findings)


def _all() -> list[int]:
    return list(WorkflowRun.objects.order_by("pk").values_list("pk", flat=True))

"""Verify that the trail of a run explains its rows."""

import json
import logging
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.audit.replay import Finding
from workflows.audit.verify import verify_run
from workflows.errors import NotFound
from workflows.management.arguments import positive
from workflows.models import WorkflowRun
from workflows.models.bounds import cut
from workflows.runs.bulkhead import DatabaseRefuses

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """`manage.py verify_run ID ...|--all [--json]`."""

    help = (
        "Replay the trail of runs and print what in their rows it does not explain, one line per "
        "finding. Nothing is changed. Exit code 1 if there are findings or a run is unknown."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("run", metavar="ID", type=positive, nargs="*", default=[])
        which.add_argument("--all", action="store_true", help="Every run, the oldest first.")
        parser.add_argument(
            "--json", action="store_true", help="Print one JSON object per finding."
        )

    def handle(self, *, run: list[int], json: bool, **options: Any) -> None:
        """Verify each run in turn."""
        runs = _all_runs() if options["all"] else run
        counts = [self._verify(run_id, as_json=json) for run_id in runs]
        if any(counts):
            raise CommandError(f"findings: {sum(counts)}, in {len(counts)} verified runs")
        if not json:
            self.stdout.write(f"Runs verified: {len(counts)}. The trail explains every row.")

    def _verify(self, run_id: int, *, as_json: bool) -> int:
        """Print the findings of a run; return their number."""
        try:
            findings = verify_run(run_id)
        except NotFound as exc:
            raise CommandError(exc.detail) from exc
        except DatabaseRefuses:
            raise
        except Exception as exc:
            logger.exception("Workflow run %s cannot be read.", run_id)
            why = f"{type(exc).__name__}: {exc}"
            findings = [Finding(run_id, "its rows", "what can be read", cut(why))]
        for finding in findings:
            line = json.dumps(finding.as_json(), ensure_ascii=False)
            self.stdout.write(line if as_json else finding.sentence)
        return len(findings)


def _all_runs() -> list[int]:
    return list(WorkflowRun.objects.order_by("pk").values_list("pk", flat=True))

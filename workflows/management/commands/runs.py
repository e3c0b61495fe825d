"""List runs."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from workflows.authoring.files import template_named
from workflows.management.arguments import count
from workflows.management.base import DatabaseCommand
from workflows.management.output import say
from workflows.models import RunState, WorkflowRun

COLUMNS = ("run", "template", "state", "done", "created (UTC)", "took", "by")


class Command(DatabaseCommand):
    """`manage.py runs [--template NAME] [--state STATE ...] [--limit N]`."""

    help = "List runs, the latest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--template", metavar="NAME", help="Only runs of this template, or of '#12'."
        )
        parser.add_argument(
            "--state",
            choices=RunState.values,
            action="append",
            help="Only runs in this state; may be given several times.",
        )
        parser.add_argument("--limit", type=count, default=20, help="So many; default 20.")

    def handle(
        self, *, template: str | None, state: list[str] | None, limit: int, **_: Any
    ) -> None:
        """Print a line per run."""
        runs = WorkflowRun.objects.order_by("-pk")
        if template is not None:
            runs = runs.filter(template=template_named(template))
        if state:
            runs = runs.filter(state__in=state)
        rows = list(map(_row, runs[:limit]))
        for line in _lines(rows) if rows else ["There is no such run."]:
            say(self.stdout, line)


def _row(run: WorkflowRun) -> tuple[str, ...]:
    return (
        str(run.pk),
        run.template_name or "-",
        str(run.state),
        f"{run.success_count}/{sum(run.task_counts.values())}",
        f"{run.created_at:%Y-%m-%d %H:%M:%S}",
        _duration(run),
        run.initiated_by,
    )


def _duration(run: WorkflowRun) -> str:
    if not run.started_at:
        return "-"
    end = run.finished_at or timezone.now()
    seconds = (end - (run.reopened_at or run.started_at)).total_seconds()
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _lines(rows: list[tuple[str, ...]]) -> list[str]:
    """Return a table of fixed width, one line per run: `grep` and `awk` read it, too."""
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (COLUMNS, *rows)
    ]

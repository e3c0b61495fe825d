"""List runs."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from workflows.authoring.files import template_named
from workflows.management.arguments import count
from workflows.management.base import DatabaseCommand
from workflows.management.output import say
from workflows.models import RunState, WorkflowRun
from workflows.search.find import everything, search
from workflows.search.views import view_named

COLUMNS = ("run", "template", "state", "done", "created (UTC)", "took", "by")


class Command(DatabaseCommand):
    """`manage.py runs [QUERY ...] [--view NAME] [--template NAME] [--state STATE ...]`."""

    help = (
        "List runs, the latest first: all of them, or those that fit a search, such as "
        "state:failed label:team=data param:day=2026-11-27. See docs/admin.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "query",
            nargs="*",
            metavar="QUERY",
            help="Only runs that fit, as in the console; best in single quotes.",
        )
        parser.add_argument(
            "--view", metavar="NAME", help="Only runs that fit the saved view of this name."
        )
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
        self,
        *,
        query: Sequence[str] = (),
        view: str | None = None,
        template: str | None,
        state: list[str] | None,
        limit: int,
        **_: Any,
    ) -> None:
        """Print a line per run."""
        words = [*query, *([view_named(view).query] if view is not None else [])]
        found = search(" ".join(words), WorkflowRun.objects.order_by("-pk"), may=everything)
        runs = found.runs
        if template is not None:
            runs = runs.filter(template=template_named(template))
        if state:
            runs = runs.filter(state__in=state)
        rows = list(map(_row, runs[:limit]))
        for line in _lines(rows) if rows else ["There is no such run."]:
            say(self.stdout, line)
        if found.remark:
            say(self.stderr, found.remark)


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

"""Print what the tasks of a run have printed."""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.core.management.base import CommandError

from workflows.management.arguments import positive
from workflows.management.base import DatabaseCommand
from workflows.management.output import discard_output
from workflows.management.run_logs import RunLogs, tasks_of
from workflows.models import Task, WorkflowRun
from workflows.models.run import UNFINISHED
from workflows.runs.locks import LARGEST_ID, no_such_run

LOOK_EVERY_S = 0.5
MOST_STEPS_NAMED = 20


class Command(DatabaseCommand):
    """`manage.py logs RUN [STEP] [--follow]`."""

    help = (
        "Print the log of each task of a run, or of one step: that of its latest attempt. With "
        "--follow, go on until the run has ended."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("run", metavar="RUN", type=positive, help="The number of the run.")
        parser.add_argument("step", metavar="STEP", nargs="?", help="The id of one of its steps.")
        parser.add_argument(
            "--follow", action="store_true", help="Print what comes, until the run has ended."
        )

    def handle(self, *, run: int, step: str | None, follow: bool, **_: Any) -> None:
        """Print the logs, as long as anybody reads them."""
        tasks = tasks_of(run, step)
        if run > LARGEST_ID or not tasks.exists():
            raise CommandError(_why_there_are_none(run, step))
        logs = RunLogs(tasks, has_headings=step is None)
        try:
            with suppress(KeyboardInterrupt):
                for text in _until_the_end(run, logs) if follow else logs.news():
                    self.stdout.write(text, ending="")
                    self.stdout.flush()
        except BrokenPipeError:
            discard_output()


def _until_the_end(run_id: int, logs: RunLogs) -> Iterator[str]:
    is_over = False
    while not is_over:
        # Asked first, so that nothing is missed that is printed right before the end.
        is_over = not _may_print_more(run_id)
        yield from logs.news()
        if not is_over:
            time.sleep(LOOK_EVERY_S)


def _may_print_more(run_id: int) -> bool:
    run = WorkflowRun.objects.filter(pk=run_id).first()
    return run is not None and (run.state in UNFINISHED or run.active_count > 0)


def _why_there_are_none(run_id: int, step: str | None) -> str:
    if run_id > LARGEST_ID or not WorkflowRun.objects.filter(pk=run_id).exists():
        raise no_such_run(run_id)
    tasks = Task.objects.filter(run=run_id).order_by("position")
    steps = ", ".join(map(str, tasks[:MOST_STEPS_NAMED]))
    return f"workflow run {run_id} has no step '{step}'; its steps are: {steps}"

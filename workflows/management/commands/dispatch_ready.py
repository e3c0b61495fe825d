"""Dispatch ready tasks."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError

from workflows.db.refusals import is_passing, is_refusal
from workflows.dispatch.result import DispatchResult
from workflows.errors import WorkflowError
from workflows.insight.situation import sentence_on
from workflows.management.actor import command_actor
from workflows.management.arguments import count, positive
from workflows.management.base import DatabaseCommand, refusal_line, why_refused
from workflows.models import WorkflowRun
from workflows.operations.dispatch_ready import dispatch_ready


def limit(text: str) -> int | None:
    """
    Read how many tasks to dispatch; `all` is None.

    :raises ArgumentTypeError: if it is neither `all` nor a number of at least 1.
    """
    try:
        return None if text == "all" else count(text)
    except ArgumentTypeError as exc:
        raise ArgumentTypeError(f"{exc}, nor 'all'") from exc


class Command(DatabaseCommand):
    """`manage.py dispatch_ready [--run ID ...] [--limit N|all] [--dry-run] [--json]`."""

    help = (
        "Dispatch the first ready tasks of the given runs, or of every run with ready tasks. "
        "Exit code 1 if a run is unknown, paused, aborted or busy; the other runs are still "
        "dispatched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--run", metavar="ID", type=positive, nargs="+", action="extend")
        parser.add_argument(
            "--limit", metavar="N|all", type=limit, default=1, help="Tasks per run; default 1."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Print what would be dispatched; change nothing."
        )
        parser.add_argument(
            "--json", action="store_true", help="Print one JSON object per run and line."
        )

    def handle(self, *, run: list[int] | None, **options: Any) -> None:
        """Dispatch from each run in turn."""
        WorkflowRun.objects.exists()  # without its tables, each run would seem to be broken
        runs = list(dict.fromkeys(run)) if run else _runs_with_ready_tasks()
        refused = sum(not self._dispatch(run_id, **options) for run_id in runs)
        if not runs and not options["json"]:
            self.stdout.write("No run has a ready task.")
        if refused:
            raise CommandError(f"{refused} of {len(runs)} runs refused")

    def _dispatch(
        self, run_id: int, *, limit: int | None, dry_run: bool, json: bool, **_: Any
    ) -> bool:
        """Dispatch from one run and print the result; return False if it is refused."""
        try:
            result = dispatch_ready(run_id, limit=limit, dry_run=dry_run, by=command_actor())
        except (WorkflowError, DatabaseError) as exc:
            if isinstance(exc, DatabaseError) and not (is_refusal(exc) and is_passing(exc)):
                raise
            self._print_refusal(run_id, exc, as_json=json)
            return False
        for line in [_line(result.as_json())] if json else _sentences(result):
            self.stdout.write(line)
        return True

    def _print_refusal(self, run_id: int, exc: Exception, *, as_json: bool) -> None:
        detail = exc.detail if isinstance(exc, WorkflowError) else why_refused(exc)
        self.stderr.write(refusal_line(exc) if isinstance(exc, WorkflowError) else detail)
        if as_json:
            self.stdout.write(_line({"run_id": run_id, "detail": detail}))


def _runs_with_ready_tasks() -> list[int]:
    # The oldest first: the run that has waited longest gets the free slots of the runners.
    return list(WorkflowRun.objects.movable().order_by("pk").values_list("pk", flat=True))


def _line(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False)


def _sentences(result: DispatchResult) -> Iterator[str]:
    run = f"workflow run {result.run_id}"
    if not result.dispatches:
        blocked = f" (tasks blocked: {len(result.blocked)})" if result.blocked else ""
        yield f"{run}: nothing dispatched, {result.reason}{blocked}"
        yield f"{run}: {sentence_on(result.run_id)}"
    verb = "would be dispatched" if result.dry_run else "dispatched"
    for dispatch in result.dispatches:
        submission = dispatch.runner_submission
        if submission.submitted:
            what = f"{verb} to runner {submission.runner}, {submission.message}"
        else:
            what = f"cannot be executed, {submission.message}"
        yield f"{run}: task {dispatch.task_id} {what}"

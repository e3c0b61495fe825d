"""Run a workflow here and now, to its end."""

import json
import signal
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import F, JSONField, Q, Value
from rest_framework.renderers import JSONRenderer
from rich.console import Console

from workflows.api.views.runs import WorkflowRunViewSet
from workflows.authoring.files import template_named
from workflows.errors import WorkflowError
from workflows.execution.executor import Executor
from workflows.management.actor import command_actor
from workflows.management.arguments import positive
from workflows.management.progress import Progress
from workflows.models import RunState, TaskAttempt, WorkflowRun
from workflows.models.actor import NOBODY, Actor
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.runs.creation import create_run

LOOK_EVERY_S = 0.2
ENDED = {RunState.SUCCESS: 0, RunState.FAILED: 1, RunState.ABORTED: 1}
CANNOT_GO_ON = 2


def parameter(text: str) -> tuple[str, Any]:
    """
    Read `KEY=TEXT` or `KEY:=JSON`.

    :raises ArgumentTypeError: if it is neither.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip(":"):
        raise ArgumentTypeError(f"'{text}' is neither KEY=TEXT nor KEY:=JSON")
    if not key.endswith(":"):
        return key, value
    try:
        return key[:-1], json.loads(value)
    except ValueError as exc:
        raise ArgumentTypeError(f"'{text}': what follows := is no JSON ({exc})") from exc


class Command(BaseCommand):
    """`manage.py run_workflow NAME [--param KEY=VALUE ...] [--concurrency N] [--json]`."""

    help = (
        "Create a run of a template, dispatch, execute its local attempts and show progress until "
        "it ends. Exit code: 0 success, 1 failed or aborted, 2 it cannot go on by itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("name", help="Name of the template, or #ID.")
        parser.add_argument(
            "--param",
            type=parameter,
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help="A parameter of the run: KEY=TEXT or KEY:=JSON.",
        )
        parser.add_argument("--concurrency", type=positive, default=4, help="Attempts at a time.")
        parser.add_argument("--json", action="store_true", help="Print the run as the last line.")

    def handle(
        self, *, name: str, param: list[Any], concurrency: int, json: bool, **_: Any
    ) -> None:
        """Create the run and see it through."""
        by = command_actor()
        try:
            run = create_run(
                template_id=template_named(name).pk,
                parameters=dict(param),
                auto_dispatch=True,
                by=by,
            )
        except WorkflowError as exc:
            raise CommandError(exc.detail) from exc
        executor = Executor(concurrency=concurrency, by=Actor(name="local runner"), run_id=run.pk)
        dispatch_ready(run.pk, limit=None, by=by)
        Follower(run, executor).follow(Console())
        self._conclude(run, as_json=json)

    def _conclude(self, run: WorkflowRun, *, as_json: bool) -> None:
        self.stdout.write(f"Workflow run {run.pk} is {run.state}.")
        if run.state not in ENDED:
            self.stdout.write(f"It cannot go on by itself: {_why_it_stands(run)}")
        for step_id, result in _last_results(run):
            self.stdout.write(f"Result of {step_id}: {json.dumps(result, ensure_ascii=False)}")
        if as_json:
            self.stdout.write(_as_json(run))
        if exit_code := ENDED.get(RunState(run.state), CANNOT_GO_ON):
            raise SystemExit(exit_code)


class Follower:
    """Executes a run until it ends or stands still, and shows how it goes."""

    def __init__(self, run: WorkflowRun, executor: Executor) -> None:
        """Prepare to follow a run."""
        self._run = run
        self._executor = executor
        self._next_look = 0.0
        self._is_stopped = False

    def follow(self, console: Console) -> None:
        """See the run through; Ctrl-C and SIGTERM end what is in progress, truthfully."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with Progress(self._run, console) as show:
            self._show = show
            self._executor.serve(self._goes_on)

    def _stop(self, *_: object) -> None:
        self._is_stopped = True

    def _goes_on(self) -> bool:
        if self._is_stopped:
            self._executor.take_no_more()
            self._executor.end_all()
            return False
        if self._executor.is_idle or time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_EVERY_S
            self._show()
            return self._run.state not in ENDED and self._is_moving()
        return True

    def _is_moving(self) -> bool:
        # Tasks that are with another runner or executor come back by themselves.
        return not self._executor.is_idle or self._run.active_count > 0


def _last_results(run: WorkflowRun) -> Iterable[tuple[str | None, Any]]:
    """Return what the tasks at the end of the graph have returned."""
    ends = TaskAttempt.objects.filter(
        task__run=run, task__dependants=None, number=F("task__attempt_count")
    ).exclude(Q(result=None) | Q(result=Value(None, JSONField())))
    return ends.order_by("task__position").values_list("task__step_id", "result")


def _as_json(run: WorkflowRun) -> str:
    """Return the run as the API shows it, on one line."""
    return JSONRenderer().render(WorkflowRunViewSet().serialize([run])[0]).decode()


def _why_it_stands(run: WorkflowRun) -> str:
    if run.state == RunState.PAUSED:
        return "it is paused; resume it."
    blocked = dispatch_ready(run.pk, dry_run=True, by=NOBODY).reason
    return f"{blocked}."

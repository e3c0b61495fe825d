"""Run a workflow to its end in this process."""

import json
import signal
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.core.management.base import CommandError
from django.db.models import F, JSONField, Q, Value
from rest_framework.renderers import JSONRenderer

from workflows.api.views.runs import WorkflowRunViewSet
from workflows.authoring.files import template_named
from workflows.db.doors import durably
from workflows.db.refusals import is_refusal
from workflows.errors import WorkflowError
from workflows.execution.executor import Executor
from workflows.execution.set_aside import reconnect
from workflows.management import arguments
from workflows.management.actor import command_actor
from workflows.management.arguments import add_run_as, positive
from workflows.management.base import TRY_AGAIN, DatabaseCommand, database_name, why_refused
from workflows.management.output import say
from workflows.management.progress import Progress, ProgressConsole
from workflows.models import RunState, Task, TaskAttempt, WorkflowRun
from workflows.models.actor import NOBODY, Actor
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.runs.creation import create_run

REFRESH_S = 0.2
WAIT_FOR_DATABASE_S = 60.0
"""How long the end of a run waits for a database that is away."""
EXIT_CODES = {RunState.SUCCESS: 0, RunState.FAILED: 1, RunState.ABORTED: 1}
CANNOT_CONTINUE = 2
Answer = TypeVar("Answer")


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
        raise ArgumentTypeError(f"'{text}': the value after := is not valid JSON ({exc})") from exc


class Command(DatabaseCommand):
    """`manage.py run_workflow NAME [--param KEY=VALUE ...] [--concurrency N] [--json]`."""

    lock_s = None  # its executor knows how long it waits for what
    help = (
        "Create a run of a template, dispatch its tasks, execute its local attempts and show "
        "progress until it ends. Exit code: 0 success, 1 failed or aborted, 2 it cannot continue "
        "by itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("name", help="Name of the template, or '#12' for template 12.")
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
        add_run_as(parser)

    def handle(
        self,
        *,
        name: str,
        param: list[Any],
        concurrency: int,
        json: bool,
        run_as: str | None = None,
        **_: Any,
    ) -> None:
        """Create the run and execute it to its end."""
        arguments.run_as(run_as)
        by = command_actor()
        try:
            run = durably(
                create_run,
                template_id=template_named(name).pk,
                parameters=dict(param),
                auto_dispatch=True,
                by=by,
            )
        except WorkflowError as exc:
            raise CommandError(f"{exc.detail} (database: {database_name()})") from exc
        executor = Executor(concurrency=concurrency, by=Actor(name="local runner"), run_id=run.pk)
        self._dispatch(run, by)
        Follower(run, executor).follow(ProgressConsole())
        say(self.stdout, f"Database: {database_name()}")
        for line in once_database_answers(lambda: _conclusion(run, as_json=json)):
            say(self.stdout, line)
        if exit_code := EXIT_CODES.get(RunState(run.state), CANNOT_CONTINUE):
            raise SystemExit(exit_code)

    def _dispatch(self, run: WorkflowRun, by: Actor) -> None:
        """Dispatch what is ready; a repeated call does no harm."""
        try:
            once_database_answers(lambda: dispatch_ready(run.pk, limit=None, by=by))
        except Exception as exc:
            if not is_refusal(exc):
                raise
            text = f"{run} was created, but nothing was dispatched. {why_refused(exc)}"
            raise CommandError(text, returncode=TRY_AGAIN) from exc


class Follower:
    """Executes a run until it ends or is stuck, and shows its progress."""

    def __init__(self, run: WorkflowRun, executor: Executor) -> None:
        """Prepare to follow a run."""
        self._run = run
        self._executor = executor
        self._next_refresh = 0.0
        self._is_stopped = False

    def follow(self, console: ProgressConsole) -> None:
        """Execute the run; Ctrl-C and SIGTERM end its running attempts and report their ends."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, lambda *_: None)  # the terminal is gone; the work goes on
        with Progress(self._run, console) as update:
            self._update = update
            self._executor.serve(self._keep_serving)
            once_database_answers(self._run.refresh_from_db)

    def _stop(self, *_: object) -> None:
        self._is_stopped = True

    def _keep_serving(self) -> bool:
        if self._is_stopped:
            self._executor.stop()
            self._executor.end_all()
            return False
        if self._executor.is_idle or time.monotonic() >= self._next_refresh:
            self._next_refresh = time.monotonic() + REFRESH_S
            return self._look()
        return True

    def _look(self) -> bool:
        """Read and show the run; return True if it can continue, as far as is known."""
        try:
            self._run.refresh_from_db()
        except Exception as exc:
            if not is_refusal(exc):
                raise
            reconnect()
            return True
        self._update()
        return self._run.state not in EXIT_CODES and self._can_continue()

    def _can_continue(self) -> bool:
        # Tasks of other runners or executors are reported by those.
        return not self._executor.is_idle or self._run.active_count > 0


def once_database_answers(read: Callable[[], Answer]) -> Answer:
    """Read something at the end of the work, for which a database that is away is waited for."""
    give_up_at = time.monotonic() + WAIT_FOR_DATABASE_S
    while True:
        try:
            return read()
        except Exception as exc:
            if not is_refusal(exc) or time.monotonic() > give_up_at:
                raise
            reconnect()
            time.sleep(REFRESH_S)


def _conclusion(run: WorkflowRun, *, as_json: bool) -> list[str]:
    lines = [f"Workflow run {run.pk} is {run.state}."]
    if run.state not in EXIT_CODES:
        lines.append(f"It cannot continue by itself: {_why_it_is_stuck(run)}")
    for step_id, result in _last_results(run):
        lines.append(f"Result of {step_id}: {json.dumps(result, ensure_ascii=False)}")
    return [*lines, _as_json(run)] if as_json else lines


def _last_results(run: WorkflowRun) -> Iterable[tuple[str | None, Any]]:
    """Return the results of the last tasks of the graph, by step id."""
    attempts = TaskAttempt.objects.filter(
        task__run=run, task__dependants=None, number=F("task__attempt_count")
    ).exclude(Q(result=None) | Q(result=Value(None, JSONField())))
    return attempts.order_by("task__position").values_list("task__step_id", "result")


def _as_json(run: WorkflowRun) -> str:
    """Return the run as in the API, on one line."""
    return JSONRenderer().render(WorkflowRunViewSet().serialize([run])[0]).decode()


def _why_it_is_stuck(run: WorkflowRun) -> str:
    if run.state == RunState.PAUSED:
        return "it is paused; resume it."
    blocked = dispatch_ready(run.pk, dry_run=True, by=NOBODY).reason
    return f"{blocked or _last_refusal(run)}."


def _last_refusal(run: WorkflowRun) -> str:
    """Return why a task that could be dispatched now was not taken when it was tried."""
    notes = Task.objects.ready().filter(run=run).order_by("position").values_list("note", flat=True)
    return notes.exclude(note="").first() or "a task is ready, and nobody dispatches it"

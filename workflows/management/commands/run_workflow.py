"""Run a workflow to its end in this process."""

import json
import signal
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from django.core.management.base import CommandError
from django.db import Error
from django.db.models import F, JSONField, Q, Value

from runners import transaction
from workflows.authoring.files import template_named
from workflows.db.refusals import is_refusal
from workflows.errors import WorkflowError
from workflows.execution.executor import Executor
from workflows.execution.run_directories import remove_unneeded
from workflows.execution.set_aside import reconnect
from workflows.insight.situation import sentence_on
from workflows.management import arguments
from workflows.management.actor import command_actor
from workflows.management.arguments import add_run_as, count, label, positive
from workflows.management.base import (
    TRY_AGAIN,
    DatabaseCommand,
    database_name,
    refusal_line,
    why_refused,
)
from workflows.management.failure import failure_report
from workflows.management.output import say
from workflows.management.parameters import add_parameters, read_parameters
from workflows.management.progress import Progress, ProgressConsole
from workflows.models import RunState, TaskAttempt, WorkflowRun
from workflows.models.actor import Actor
from workflows.operations.start import begin_if_created, prepare_run
from workflows.operations.warnings import warnings_of_run
from workflows.payloads.wording import TYPES
from workflows.runs.again import Again

REFRESH_S = 0.2
WAIT_FOR_DATABASE_S = 60.0
"""How long the end of a run waits for a database that is away."""
EXIT_CODES = {RunState.SUCCESS: 0, RunState.FAILED: 1, RunState.ABORTED: 1}
CANNOT_CONTINUE = 2
ENDS = {RunState.SUCCESS: "succeeded", RunState.FAILED: "failed", RunState.ABORTED: "was aborted"}
REMEDIES = (*TYPES.values(), "put it in quotes")
"""What a refusal says where a value has another type than is wanted."""
AS_JSON = "; --param KEY:=VALUE gives a number, yes/no or list, --param KEY=VALUE a text"
Answer = TypeVar("Answer")


class Command(DatabaseCommand):
    """`manage.py run_workflow NAME [--param KEY=VALUE ...] [--param-file FILE] [--json] [-v 0]`."""

    lock_s = None  # its executor knows how long it waits for what
    help = (
        "Create a run of a template, dispatch its tasks, execute its local attempts and show "
        "progress until it ends. Exit code: 0 success, 1 failed or aborted, 2 it cannot continue "
        "by itself. With -v 0 (for cron), nothing is printed on success; on failure, the reason, "
        "the ends of the failed tasks' logs and the run's address, on the standard error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("name", nargs="?", help="Name of the template, or '#12' for template 12.")
        what.add_argument(
            "--again",
            type=positive,
            metavar="RUN",
            help="Repeat this run, with its parameters; --param overrides single ones.",
        )
        parser.add_argument(
            "--latest",
            action="store_true",
            help="With --again: with the latest version of its template, not the one it had.",
        )
        add_parameters(parser)
        parser.add_argument(
            "--label",
            type=label,
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help="A label of the run, by which it is found again.",
        )
        parser.add_argument("--concurrency", type=count, default=4, help="Attempts at a time.")
        parser.add_argument("--json", action="store_true", help="Print the run as the last line.")
        add_run_as(parser)

    def handle(
        self,
        *,
        name: str | None,
        again: int | None = None,
        latest: bool = False,
        param: list[Any],
        param_file: list[str],
        label: Sequence[tuple[str, str]] = (),
        verbosity: int,
        concurrency: int,
        json: bool,
        run_as: str | None = None,
        **_: Any,
    ) -> None:
        """Create the run and execute it to its end."""
        arguments.run_as(run_as)
        by = command_actor()
        parameters = read_parameters(param_file, param)
        try:
            given = {"parameters": parameters, "labels": dict(label)}
            wanted = {**_what(name, again, latest=latest), **given}
            run, follower = self._start(wanted, concurrency=concurrency, by=by)
        except WorkflowError as exc:
            why = refusal_line(exc)
            hint = AS_JSON if any(each in why for each in REMEDIES) else ""
            raise CommandError(f"{why}{hint} (database: {database_name()})") from exc
        is_quiet = verbosity == 0
        for text in [] if is_quiet else once_database_answers(lambda: warnings_of_run(run)):
            say(self.stderr, f"Warning: {text}")
        follower.follow(ProgressConsole(quiet=is_quiet))
        if not is_quiet:
            say(self.stdout, f"Database: {database_name()}")
        self._conclude(run, is_quiet=is_quiet, as_json=json)

    def _conclude(self, run: WorkflowRun, *, is_quiet: bool, as_json: bool) -> None:
        """Print how it has ended, and exit with the code that says so."""
        exit_code = EXIT_CODES.get(RunState(run.state), CANNOT_CONTINUE)
        if exit_code or not is_quiet:
            for line in once_database_answers(lambda: _conclusion(run)):
                say(self.stderr if is_quiet else self.stdout, line)
        if as_json:
            say(self.stdout, once_database_answers(lambda: _as_json(run)))
        if exit_code:
            raise SystemExit(exit_code)

    def _start(
        self, wanted: dict[str, Any], *, concurrency: int, by: Actor
    ) -> tuple[WorkflowRun, "Follower"]:
        """Start a run, whose first attempts its follower has before others look for some."""
        runner = Actor(name="local runner")
        with transaction.atomic(durable=True):
            run = prepare_run(**wanted, by=by)
            executor = Executor(concurrency=concurrency, by=runner, run_id=run.pk)
        follower = Follower(run, executor)  # heeds signals before there is anything to end
        self._begin(run, executor, by)
        return run, follower

    def _begin(self, run: WorkflowRun, executor: Executor, by: Actor) -> None:
        request = executor.first_claim()
        try:
            once_database_answers(lambda: begin_if_created(run.pk, by=by, request=request))
        except Exception as exc:
            if not is_refusal(exc):
                raise
            text = f"{run} was created, but nothing was dispatched. {why_refused(exc)}"
            raise CommandError(text, returncode=TRY_AGAIN) from exc


def _what(name: str | None, again: int | None, *, latest: bool) -> dict[str, Any]:
    """Return what is to be run: a template, or a run once more."""
    if again is not None:
        return {"again": Again(again, latest=latest)}
    if latest:
        raise CommandError("--latest needs --again RUN: a new run has the latest version anyway.")
    return {"template_id": template_named(name or "").pk}


class Follower:
    """
    Executes a run until it ends or is stuck, and shows its progress.

    Ctrl-C and SIGTERM end the running attempts and report their ends.
    """

    def __init__(self, run: WorkflowRun, executor: Executor) -> None:
        """Prepare to follow a run, and heed signals from now on."""
        self._run = run
        self._executor = executor
        self._next_refresh = 0.0
        self._is_stopped = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, lambda *_: None)  # the terminal is gone; the work goes on

    def follow(self, console: ProgressConsole) -> None:
        """Execute the run."""
        with Progress(self._run, console) as update:
            self._update = update
            self._executor.serve(self._keep_serving)
            once_database_answers(self._run.refresh_from_db)
        with suppress(Error):  # another executor does it
            remove_unneeded()

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


def _conclusion(run: WorkflowRun) -> list[str]:
    ended = ENDS.get(RunState(run.state), f"is {run.state}")
    lines = [f"Workflow run {run.pk} {ended}."]
    if run.state != RunState.SUCCESS:
        intro = "" if run.state in EXIT_CODES else "It cannot continue by itself: "
        lines.append(f"{intro}{sentence_on(run.pk)}")
    for step_id, result in _last_results(run):
        lines.append(f"Result of {step_id}: {json.dumps(result, ensure_ascii=False)}")
    return lines if run.state == RunState.SUCCESS else [*lines, *failure_report(run)]


def _last_results(run: WorkflowRun) -> Iterable[tuple[str | None, Any]]:
    """Return the results of the last tasks of the graph, by step id."""
    attempts = TaskAttempt.objects.filter(
        task__run=run, task__dependants=None, number=F("task__attempt_count")
    ).exclude(Q(result=None) | Q(result=Value(None, JSONField())))
    return attempts.order_by("task__position").values_list("task__step_id", "result")


def _as_json(run: WorkflowRun) -> str:
    """Return the run as in the API, on one line."""
    # Only here: it takes a quarter of a second to load the API.
    from rest_framework.renderers import JSONRenderer

    from workflows.api.views.runs import WorkflowRunViewSet

    return JSONRenderer().render(WorkflowRunViewSet().serialize([run])[0]).decode()

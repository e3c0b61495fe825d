"""Run a workflow to its end in this process."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import CommandError
from django.db.models import F, JSONField, Q, Value

from runners import transaction
from workflows.authoring.files import template_named
from workflows.db.refusals import is_refusal
from workflows.dispatch.places import Blocker, blockers
from workflows.errors import WorkflowError
from workflows.execution.executor import Executor
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
from workflows.management.follower import Follower, once_database_answers
from workflows.management.output import say
from workflows.management.parameters import add_parameters, read_parameters
from workflows.management.progress import ProgressConsole
from workflows.models import RunState, TaskAttempt, WorkflowRun
from workflows.models.actor import Actor
from workflows.operations.runs import abort
from workflows.operations.start import begin_if_created, prepare_run
from workflows.operations.warnings import warnings_of_run
from workflows.payloads.wording import TYPES
from workflows.runs.again import Again

EXIT_CODES = {RunState.SUCCESS: 0, RunState.FAILED: 1, RunState.ABORTED: 1}
CANNOT_CONTINUE = 2
ENDS = {RunState.SUCCESS: "succeeded", RunState.FAILED: "failed", RunState.ABORTED: "was aborted"}
REMEDIES = (*TYPES.values(), "put it in quotes")
"""What a refusal says where a value has another type than is wanted."""
AS_JSON = "; --param KEY:=VALUE gives a number, yes/no or list, --param KEY=VALUE a text"


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
        parser.add_argument(
            "--no-wait",
            action="store_true",
            help="If its template lets no more runs be active now: abort the run instead of "
            "waiting, and exit with 2; for cron.",
        )
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
        no_wait: bool = False,
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
            run, executor = self._start(wanted, concurrency=concurrency, by=by)
        except WorkflowError as exc:
            raise _refused(exc) from exc
        is_quiet = verbosity == 0
        for text in [] if is_quiet else once_database_answers(lambda: warnings_of_run(run)):
            say(self.stderr, f"Warning: {text}")
        if blocker := once_database_answers(lambda: _blocker_of(run)):
            self._wait_or_abort(run, blocker, is_quiet=is_quiet, no_wait=no_wait, by=by)
        Follower(run, executor, by=by).follow(ProgressConsole(quiet=is_quiet))
        if not is_quiet:
            say(self.stdout, f"Database: {database_name()}")
        self._conclude(run, is_quiet=is_quiet, as_json=json)

    def _wait_or_abort(
        self, run: WorkflowRun, blocker: Blocker, *, is_quiet: bool, no_wait: bool, by: Actor
    ) -> None:
        """Say what a run waits for; unless somebody wants to wait, nobody would begin it later."""
        if no_wait or not is_quiet:
            clause = f"{run} is {blocker.clause}."
            say(self.stderr if no_wait else self.stdout, f"{clause[0].upper()}{clause[1:]}")
        if no_wait:
            abort(run.pk, by=by, reason=blocker.clause)
            raise SystemExit(CANNOT_CONTINUE)

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
    ) -> tuple[WorkflowRun, Executor]:
        """Start a run, whose first attempts this executor has before any other looks for some."""
        runner = Actor(name="local runner")
        with transaction.atomic(durable=True):
            run = prepare_run(**wanted, by=by)
            executor = Executor(concurrency=concurrency, by=runner, run_id=run.pk)
        self._begin(run, executor, by)
        return run, executor

    def _begin(self, run: WorkflowRun, executor: Executor, by: Actor) -> None:
        request = executor.first_claim()
        try:
            once_database_answers(lambda: begin_if_created(run.pk, by=by, request=request))
        except Exception as exc:
            if not is_refusal(exc):
                raise
            text = f"{run} was created, but nothing was dispatched. {why_refused(exc)}"
            raise CommandError(text, returncode=TRY_AGAIN) from exc


def _refused(exc: WorkflowError) -> CommandError:
    why = refusal_line(exc)
    hint = AS_JSON if any(each in why for each in REMEDIES) else ""
    return CommandError(f"{why}{hint} (database: {database_name()})")


def _what(name: str | None, again: int | None, *, latest: bool) -> dict[str, Any]:
    """Return what is to be run: a template, or a run once more."""
    if again is not None:
        return {"again": Again(again, latest=latest)}
    if latest:
        raise CommandError("--latest needs --again RUN: a new run has the latest version anyway.")
    return {"template_id": template_named(name or "").pk}


def _blocker_of(run: WorkflowRun) -> Blocker | None:
    run.refresh_from_db()
    return blockers([run]).get(run.pk)


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

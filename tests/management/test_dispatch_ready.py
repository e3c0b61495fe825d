"""`manage.py dispatch_ready`: the given runs, or all with ready tasks."""

import json
import os
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from runners.models import Runner
from tests.management.conftest import manage
from tests.support import verbs
from tests.support.actors import who
from tests.support.drawing import DrawRun
from workflows import operations
from workflows.insight.situation import sentence_on
from workflows.management.actor import command_actor
from workflows.models import Event, WorkflowRun


def dispatch_ready(*arguments: object) -> str:
    """Run the command; return its output."""
    out = StringIO()
    call_command("dispatch_ready", *map(str, arguments), stdout=out)
    return out.getvalue()


def refused(*arguments: object) -> tuple[str, str, str]:
    """Run the command, which must fail; return its output, its errors and its final error."""
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError) as error:
        call_command("dispatch_ready", *map(str, arguments), stdout=out, stderr=err)
    assert error.value.returncode == 1
    return out.getvalue(), err.getvalue(), str(error.value)


def objects(printed: str) -> list[dict[str, Any]]:
    """Return the JSON objects of an output, one per line."""
    return [json.loads(line) for line in printed.splitlines()]


def test_one_task_of_each_run_with_ready_tasks_is_dispatched(runs: DrawRun) -> None:
    one, other, ended = runs("a > c, b > c"), runs("x > y"), runs("z")
    verbs.walk(ended, "z")
    sent = "dispatched to runner local, waits for runner local"
    assert dispatch_ready().splitlines() == [
        f"workflow run {one.pk}: task {verbs.task(one, 'a').pk} {sent}",
        f"workflow run {other.pk}: task {verbs.task(other, 'x').pk} {sent}",
    ]
    assert verbs.trail(one) == ["workflow_run.running", "task.dispatched a"]
    assert verbs.trail(other) == ["workflow_run.running", "task.dispatched x"]


def test_the_trail_names_the_user_of_the_command_line(runs: DrawRun) -> None:
    dispatch_ready("--run", runs("a").pk)
    event = Event.objects.get(event_type="task.dispatched")
    assert event.actor == command_actor().name
    assert event.actor.startswith("command line (")


def test_user_without_a_name_is_recorded_by_uid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    assert command_actor().name == "command line (uid 4000000)"


def test_only_the_given_runs_are_dispatched_each_once(runs: DrawRun) -> None:
    one, other, left = runs("a, b"), runs("a, b"), runs("a, b")
    dispatch_ready("--run", one.pk, one.pk, "--run", other.pk)
    states = [list(verbs.states(run).values()) for run in (one, other, left)]
    assert states == [["dispatched", "pending"], ["dispatched", "pending"], ["pending"] * 2]


@pytest.mark.parametrize(("limit", "dispatched"), [("1", 1), ("2", 2), ("all", 3)])
def test_limit_bounds_the_dispatched_tasks(limit: str, dispatched: int, runs: DrawRun) -> None:
    run = runs("a, b, c")
    assert len(dispatch_ready("--run", run.pk, "--limit", limit).splitlines()) == dispatched
    assert verbs.trail(run)[1:] == [f"task.dispatched {name}" for name in "abc"[:dispatched]]


@pytest.mark.parametrize("limit", ["0", "-1", "some", "1.5", ""])
def test_wrong_limit_is_refused(limit: str) -> None:
    with pytest.raises(CommandError, match="is not a whole number of at least 1, nor 'all'"):
        dispatch_ready("--limit", limit)


def test_dry_run_prints_the_dispatch_and_changes_nothing(runs: DrawRun) -> None:
    run = runs("a, b")
    assert f"task {verbs.task(run, 'a').pk} would be dispatched" in dispatch_ready("--dry-run")
    assert verbs.states(run) == {"a": "pending", "b": "pending"}
    assert verbs.trail(run) == []


def test_nothing_ready_exits_0(runs: DrawRun) -> None:
    run = runs("a > b > c")
    verbs.dispatch(run)
    assert dispatch_ready("--run", run.pk) == (
        f"workflow run {run.pk}: nothing dispatched, "
        "dependencies not satisfied (tasks blocked: 2)\n"
        f"workflow run {run.pk}: {sentence_on(run.pk)}\n"
    )
    assert dispatch_ready() == "No run has a ready task.\n"
    assert verbs.trail(run)[2:] == ["dispatch.nothing_ready"]


def test_runner_that_refuses_exits_0_with_the_reason(runs: DrawRun, local: Runner) -> None:
    run = runs("a")
    local.is_enabled = False
    local.save()
    assert dispatch_ready() == (
        f"workflow run {run.pk}: nothing dispatched, "
        "runner refused: local is disabled (tasks blocked: 1)\n"
        f"workflow run {run.pk}: `a` is ready, but runner refused: local is disabled. "
        "Enable the runner.\n"
    )


def test_task_with_an_unrenderable_payload_is_not_printed_as_dispatched(
    runs: DrawRun,
) -> None:
    run = runs("a", payload={"command": ["{{ params.nope }}"]})
    output = dispatch_ready()
    assert f"task {verbs.task(run, 'a').pk} cannot be executed, payload: " in output
    assert verbs.trail(run)[1:3] == ["task.dispatched a", "task.failed a"]


@pytest.mark.parametrize(
    ("refuse", "state"), [(operations.pause, "paused"), (operations.abort, "aborted")]
)
def test_refused_run_exits_1_and_other_runs_are_dispatched(
    refuse: Callable[..., WorkflowRun], state: str, runs: DrawRun
) -> None:
    stopped, other = runs("a > b"), runs("a > b")
    verbs.dispatch(stopped)
    refuse(stopped.pk, by=who("test"))
    before = verbs.trail(stopped)
    out, err, last = refused("--run", stopped.pk, 10**30, other.pk)
    assert out.startswith(f"workflow run {other.pk}: task ")
    assert err.splitlines() == [
        f"workflow run {stopped.pk} is {state}",
        f"workflow run {10**30} not found; manage.py runs lists the runs",
    ]
    assert last == "2 of 3 runs refused"
    assert verbs.trail(stopped) == before
    assert verbs.trail(other) == ["workflow_run.running", "task.dispatched a"]


def test_json_prints_one_object_per_run_and_line(runs: DrawRun) -> None:
    run, ended = runs("a, b"), runs("z")
    verbs.walk(ended, "z")
    printed, _, _ = refused("--json", "--limit", "all", "--run", run.pk, 999_999, ended.pk)
    sent, unknown, nothing = objects(printed)
    assert sent["task_id"] == verbs.task(run, "a").pk
    assert [each["task_id"] for each in sent["dispatches"]] == [
        verbs.task(run, name).pk for name in "ab"
    ]
    assert unknown == {"run_id": 999_999, "detail": "workflow run 999999 not found"}
    assert nothing == {
        "run_id": ended.pk,
        "dispatched": False,
        "task_id": None,
        "reason": "no ready tasks",
        "dispatch": None,
        "blocked": [],
        "dispatches": [],
    }


@pytest.mark.django_db
def test_json_without_runs_prints_nothing() -> None:
    assert dispatch_ready("--json") == ""


@pytest.mark.django_db(transaction=True)
def test_exit_code_is_1_for_an_unknown_run(runs: DrawRun) -> None:
    run = runs("a")
    for code in (0, 0):  # the second has nothing to do
        assert manage("dispatch_ready", "--run", str(run.pk)).returncode == code
    failed = manage("dispatch_ready", "--run", "999999")
    assert (failed.returncode, failed.stdout) == (1, "")
    why, conclusion = failed.stderr.splitlines()
    assert why == "workflow run 999999 not found; manage.py runs lists the runs"
    assert conclusion == "CommandError: 1 of 1 runs refused"

"""Runners that refuse tasks: no task is lost, and other runners still get theirs."""

import pytest

from runners.models import Runner
from tests.factories import RunnerFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun, steps_of
from tests.support.scripted import Script
from tests.support.verbs import (
    attempt,
    dispatch,
    dispatch_all,
    dispatch_some,
    finish,
    states,
    task,
    trail,
)
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.dispatch.auto_dispatch import offer_free_places
from workflows.dispatch.runner_pool import MOST_DECLINED
from workflows.models import TaskAttempt, WorkflowRun
from workflows.runs.creation import create_run

REFUSED = "runner refused: scripted: no disk space"


@pytest.fixture
def two_runners(script: Script) -> WorkflowRun:
    """Make a run whose tasks alternate between the runners `scripted` and `other`."""
    RunnerFactory.create(name="other", kind="scripted")
    steps = steps_of("a, b, c, d")
    for i, step in enumerate(steps):
        step["runner"] = ("scripted", "other")[i % 2]
    template = create_template(parse_template({"name": "two runners", "steps": steps}))
    return create_run(template_id=template.pk, by=who("test"))


def test_refused_task_is_pending_again_with_reason(runs: DrawRun, script: Script) -> None:
    run = runs("a")
    script.refuse("scripted")
    answer = dispatch(run)
    assert (answer.reason, answer.dispatches) == (REFUSED, ())
    assert [(blocked.step_id, blocked.reason) for blocked in answer.blocked] == [("a", REFUSED)]
    assert states(run) == {"a": "pending"}
    assert task(run, "a").note.startswith(f"{REFUSED} (last tried ")
    assert attempt(run, "a").outcome == "refused"
    assert trail(run) == [
        "workflow_run.running",
        "task.dispatched a",
        "task.submit_failed a",
        "dispatch.nothing_ready",
    ]
    run.refresh_from_db()
    assert {state: n for state, n in run.task_counts.items() if n} == {"pending": 1}


def test_next_call_retries_refused_task(runs: DrawRun, script: Script) -> None:
    run = runs("a")
    script.refuse("scripted")
    dispatch(run)
    script.accept("scripted")
    assert dispatch_all(run) == ["a"]
    assert (attempt(run, "a").number, task(run, "a").note) == (2, "")
    assert attempt(run, "a").submitted_at
    assert trail(run)[-1] == "task.dispatched a"


def test_refusal_does_not_fail_the_task(runs: DrawRun, script: Script) -> None:
    run = runs("a > b, c")
    script.refuse("a")
    dispatch(run, limit=None)
    finish(run, "c")
    assert states(run) == {"a": "pending", "b": "pending", "c": "success"}
    assert not [event for event in trail(run) if "failed" in event and "submit" not in event]


def test_later_tasks_of_the_runner_are_dispatched_after_a_refusal(
    runs: DrawRun, script: Script
) -> None:
    run = runs("a, b, c")
    script.refuse("a", "payload not understood")
    assert dispatch_all_one_by_one(run) == ["b", "c"]
    assert dispatch(run).reason == "runner refused: scripted: payload not understood"


def test_unavailable_runner_is_called_once_per_call(runs: DrawRun, script: Script) -> None:
    run = runs("a, b, c")
    script.refuse("scripted")
    assert dispatch(run).reason == REFUSED
    assert script.titles == ["a"]


def test_runner_gets_no_more_tasks_after_many_refusals(runs: DrawRun, script: Script) -> None:
    names = [f"s{i}" for i in range(MOST_DECLINED + 5)]
    run = runs(", ".join(names))
    for name in names:
        script.refuse(name)
    assert dispatch(run).reason == REFUSED
    assert script.titles == names[:MOST_DECLINED]


def dispatch_all_one_by_one(run: WorkflowRun) -> list[str | None]:
    sent = []
    while dispatches := dispatch(run).dispatches:
        sent += [task_of(run, sending.task_id) for sending in dispatches]
    return sent


def task_of(run: WorkflowRun, task_id: int) -> str | None:
    return run.tasks.get(pk=task_id).step_id


def test_other_runners_get_their_tasks_when_one_refuses(
    two_runners: WorkflowRun, script: Script
) -> None:
    script.refuse("scripted")
    assert dispatch_all_one_by_one(two_runners) == ["b", "d"]
    assert dispatch(two_runners).reason == REFUSED


def test_without_limit_tasks_of_other_runners_are_dispatched_in_order(
    two_runners: WorkflowRun, script: Script
) -> None:
    script.refuse("scripted")
    assert dispatch_all(two_runners) == ["b", "d"]
    assert states(two_runners) == {
        "a": "pending",
        "b": "dispatched",
        "c": "pending",
        "d": "dispatched",
    }


def test_disabled_runner_gets_no_task(two_runners: WorkflowRun, script: Script) -> None:
    Runner.objects.filter(name="scripted").update(is_enabled=False)
    assert dispatch_all(two_runners) == ["b", "d"]
    assert script.titles == ["b", "d"]
    assert dispatch(two_runners).reason == "runner refused: scripted is disabled"


def test_without_default_runner_only_steps_with_a_runner_are_dispatched(
    runs: DrawRun, two_runners: WorkflowRun
) -> None:
    Runner.objects.update(is_default=False)
    assert dispatch_all(two_runners) == ["a", "b", "c", "d"]
    run = runs("x")
    assert dispatch(run).reason == "runner refused: there is no default runner"
    assert states(run) == {"x": "pending"}


def test_runner_gets_no_more_tasks_than_its_capacity(
    two_runners: WorkflowRun, script: Script
) -> None:
    Runner.objects.filter(name="scripted").update(capacity=1)
    assert dispatch_all(two_runners) == ["a", "b", "d"]
    assert dispatch(two_runners).reason == "runner is full: scripted has 1 at a time"
    assert dispatch(two_runners, limit=None).reason == "runner is full: scripted has 1 at a time"
    finish(two_runners, "a", "failed")
    assert dispatch_all(two_runners) == ["c"]


def test_tasks_of_other_runs_count_towards_the_capacity(runs: DrawRun, script: Script) -> None:
    Runner.objects.filter(name="scripted").update(capacity=2)
    one, two = runs("a, b"), runs("c, d")
    assert dispatch_all(one) == ["a", "b"]
    assert dispatch(two).reason == "runner is full: scripted has 2 at a time"


def test_refused_attempt_does_not_count_towards_the_capacity(runs: DrawRun, script: Script) -> None:
    Runner.objects.filter(name="scripted").update(capacity=1)
    run = runs("a, b")
    script.refuse("a")
    dispatch(run)
    assert states(run) == {"a": "pending", "b": "dispatched"}


def test_reason_names_refusal_before_dependency(runs: DrawRun, script: Script) -> None:
    run = runs("a > b, c > b")
    script.refuse("a")
    assert dispatch_all(run) == ["c"]
    answer = dispatch(run)
    assert answer.reason == REFUSED
    assert [blocked.reason for blocked in answer.blocked] == [REFUSED, "dependencies not satisfied"]


def test_unused_place_is_offered_to_tasks_that_were_not_refused(
    runs: DrawRun, script: Script
) -> None:
    Runner.objects.filter(name="scripted").update(capacity=1)
    refused, full = runs("a", auto_dispatch=True), runs("b > c", auto_dispatch=True)
    script.refuse("a")
    dispatch(refused)
    assert not offer_free_places(by=who("rescue"))
    assert trail(refused).count("task.submit_failed a") == 1
    dispatch(runs("x"))
    assert dispatch(full).reason == "runner is full: scripted has 1 at a time"
    assert not offer_free_places(by=who("rescue"))
    TaskAttempt.objects.open().update(
        outcome="success"
    )  # by a process that died before it offered the place
    assert offer_free_places(by=who("rescue")) == 1
    assert states(full) == {"b": "dispatched", "c": "pending"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"is_enabled": False}, {"is_enabled": True}),
        ({"is_default": False}, {"is_default": True}),
        ({"capacity": 1}, {"capacity": None}),
        ({"capacity": 1}, {"capacity": 3}),
    ],
)
def test_run_with_auto_dispatch_goes_on_once_its_runner_may_take_tasks(
    runs: DrawRun, script: Script, before: dict[str, object], after: dict[str, object]
) -> None:
    runner = Runner.objects.filter(name="scripted")
    dispatch(runs("x"))
    runner.update(**before)
    run = runs("a, b", auto_dispatch=True)
    assert dispatch(run).reason
    assert not offer_free_places(by=who("rescue"))
    runner.update(**after)
    assert offer_free_places(by=who("rescue")) == 2
    assert states(run) == {"a": "dispatched", "b": "dispatched"}


@pytest.mark.parametrize("limit", [2, None])
def test_place_of_refused_task_goes_to_the_next_task(
    runs: DrawRun, script: Script, limit: int | None
) -> None:
    Runner.objects.filter(name="scripted").update(capacity=1)
    run = runs("a, b, c")
    script.refuse("a")
    assert dispatch_some(run, limit) == ["b"]
    assert states(run) == {"a": "pending", "b": "dispatched", "c": "pending"}

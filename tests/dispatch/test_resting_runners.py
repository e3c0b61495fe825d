"""Runners that take nothing are left alone for a growing while, and then called again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runners.models import FIRST_REST, LONGEST_REST, Runner
from tests.factories import RunnerFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import dispatch, dispatch_all, finish, states
from workflows.dispatch import submission
from workflows.dispatch.auto_dispatch import call_rested_runners
from workflows.models import Task, WorkflowRun
from workflows.operations.start import start_run

# Runners are called after a real commit.
pytestmark = pytest.mark.django_db(transaction=True)

CLOCK = who("rescue")


@pytest.fixture
def run(runs: DrawRun, script: Script) -> WorkflowRun:
    """Dispatch a run in which `a` is refused, and the rest is executed by another runner."""
    other = RunnerFactory.create(name="other", kind="scripted")
    run = runs("a, b > c > d", auto_dispatch=True)
    Task.objects.filter(run=run).exclude(step_id="a").update(runner=other)
    script.refuse("scripted")
    dispatch_all(run)
    return run


def let_rest(seconds: float = 3600) -> None:
    """Let the time pass for which the refusing runner is left alone."""
    runner = Runner.objects.get(name="scripted")
    assert runner.unavailable_since
    runner._rest(runner.unavailable_since - timedelta(seconds=seconds), timezone.now())


def test_runner_that_takes_nothing_is_not_called_after_each_report(
    run: WorkflowRun, script: Script
) -> None:
    finish(run, "b")
    finish(run, "c")
    assert script.titles.count("a") == 1
    assert states(run) == {"a": "pending", "b": "success", "c": "success", "d": "dispatched"}


def test_runner_that_takes_something_again_is_found_after_its_rest(
    run: WorkflowRun, script: Script
) -> None:
    script.accept("scripted")
    assert call_rested_runners(by=CLOCK) == 0
    let_rest()
    assert call_rested_runners(by=CLOCK) == 1
    assert states(run)["a"] == "dispatched"
    runner = Runner.objects.get(name="scripted")
    assert (runner.unavailable_since, runner.rests_until) == (None, None)
    assert call_rested_runners(by=CLOCK) == 0


def test_runner_is_called_once_for_all_runs_after_its_rest(
    run: WorkflowRun, runs: DrawRun, script: Script
) -> None:
    for _ in range(3):
        dispatch_all(runs("a", auto_dispatch=True))
    script.submitted.clear()
    let_rest()
    call_rested_runners(by=CLOCK)
    assert script.titles == ["a"]


@pytest.mark.parametrize(
    ("silent_for", "rest"),
    [(0, FIRST_REST), (60, timedelta(seconds=60)), (86_400, LONGEST_REST)],
)
def test_rest_grows_with_the_time_without_an_answer(
    run: WorkflowRun, silent_for: int, rest: timedelta
) -> None:
    let_rest(silent_for)
    call_rested_runners(by=CLOCK)
    rests_until = Runner.objects.get(name="scripted").rests_until
    assert rests_until
    assert abs(rests_until - timezone.now() - rest) < timedelta(seconds=5)


def test_people_call_a_resting_runner(run: WorkflowRun, script: Script) -> None:
    script.accept("scripted")
    assert [each.task_id for each in dispatch(run).dispatches] == [run.tasks.get(step_id="a").pk]


def test_run_that_is_started_calls_a_resting_runner(run: WorkflowRun, script: Script) -> None:
    script.accept("scripted")
    template = TemplateFactory.create(name="alone", drawing="a")
    started = start_run(template_id=template.pk, auto_dispatch=True, by=who("ada"))
    assert states(started) == {"a": "dispatched"}


def test_edited_runner_is_called_at_once(run: WorkflowRun, script: Script) -> None:
    Runner.objects.get(name="scripted").save()
    script.accept("scripted")
    finish(run, "b")
    assert states(run)["a"] == "dispatched"


def test_runner_that_declines_a_task_at_once_is_offered_it_after_the_next_report(
    runs: DrawRun, script: Script
) -> None:
    """A host without a free place says so with 409, and has one when it reports an end."""
    run = runs("a, b", auto_dispatch=True)
    script.refuse("a", "409: busy")
    dispatch_all(run)
    script.accept("a")
    finish(run, "b")
    assert states(run) == {"a": "dispatched", "b": "success"}


def test_runner_that_declines_slowly_rests(
    runs: DrawRun, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "SLOW_REFUSAL_S", 0.0)
    script.refuse("a", "422: no such model")
    dispatch_all(runs("a, b", auto_dispatch=True))
    assert script.titles == ["a"]
    assert Runner.objects.get(name="scripted").is_resting

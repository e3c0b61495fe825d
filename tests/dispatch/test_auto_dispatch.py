"""Runs with auto-dispatch: the report of an end dispatches the tasks that became ready."""

from pytest_django import DjangoCaptureOnCommitCallbacks

from runners.models import Runner
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch, finish, start, state, states, task, trail
from workflows.models import WorkflowRun
from workflows.reports.apply import apply_reports
from workflows.reports.report import Report


def test_auto_dispatch_is_off_by_default(runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    finish(run, "a")
    assert states(run) == {"a": "success", "b": "pending"}


def test_success_report_dispatches_newly_ready_tasks(runs: DrawRun) -> None:
    run = runs("a > b, a > c > d", auto_dispatch=True)
    dispatch(run)
    finish(run, "a")
    assert states(run) == {"a": "success", "b": "dispatched", "c": "dispatched", "d": "pending"}
    assert trail(run)[-3:] == ["task.succeeded a", "task.dispatched b", "task.dispatched c"]


def test_creating_a_run_dispatches_nothing(runs: DrawRun) -> None:
    run = runs("a", auto_dispatch=True)
    assert (state(run), states(run)) == ("created", {"a": "pending"})


def test_start_report_dispatches_nothing(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    start(run, "a")
    assert states(run) == {"a": "running", "b": "pending"}


def test_failure_does_not_stop_other_branches(runs: DrawRun) -> None:
    run = runs("a > c, b > d", auto_dispatch=True)
    dispatch(run, limit=None)
    finish(run, "a", "failed")
    finish(run, "b")
    assert states(run) == {"a": "failed", "c": "pending", "b": "success", "d": "dispatched"}
    finish(run, "d")
    assert state(run) == "failed"


def test_reports_of_one_call_dispatch_all_newly_ready_tasks(runs: DrawRun) -> None:
    run = runs("a > c, b > d, a > e, b > e", auto_dispatch=True)
    dispatch(run, limit=None)
    reports = [Report(attempt(run, of).pk, "success") for of in "ab"]
    apply_reports(run.pk, reports, by=who("runner"))
    assert trail(run)[-3:] == ["task.dispatched c", "task.dispatched d", "task.dispatched e"]


def test_run_finishes_without_further_dispatch_calls(runs: DrawRun) -> None:
    run = runs("a > b > d, a > c > d", auto_dispatch=True)
    dispatch(run)
    for step_id in "abcd":
        finish(run, step_id)
    assert state(run) == "success"


def test_payload_with_unknown_name_fails_the_task_and_the_run(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True, payload={"prompt": "{{ params.no }}"})
    dispatch(run)
    assert (state(run), states(run)) == ("failed", {"a": "failed", "b": "pending"})


def test_place_freed_on_full_runner_is_offered_to_waiting_run(
    runs: DrawRun,
    script: Script,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    Runner.objects.filter(name="scripted").update(capacity=1)
    one, two = runs("a", auto_dispatch=True), runs("x, y", auto_dispatch=True)
    first_succeeds_and_second_waits(two)
    dispatch(one)
    with django_capture_on_commit_callbacks(execute=True):
        finish(one, "a")
    assert states(two) == {"x": "success", "y": "dispatched"}
    assert script.titles == ["x", "a", "y"]


def first_succeeds_and_second_waits(run: WorkflowRun) -> None:
    """Let the first task succeed while its runner takes no other task."""
    dispatch(run)
    Runner.objects.update(is_enabled=False)
    finish(run, "x")
    Runner.objects.update(is_enabled=True)
    assert task(run, "y").state == "pending"

"""A run that dispatches by itself: what became ready goes out when a task ends."""

from pytest_django import DjangoCaptureOnCommitCallbacks

from runners.models import Runner
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch, finish, start, state, states, task, trail
from workflows.models import WorkflowRun
from workflows.reports.apply import apply_reports
from workflows.reports.report import Report


def test_it_is_off_by_default(runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    finish(run, "a")
    assert states(run) == {"a": "success", "b": "pending"}


def test_what_became_ready_goes_out_with_the_report(runs: DrawRun) -> None:
    run = runs("a > b, a > c > d", auto_dispatch=True)
    dispatch(run)
    finish(run, "a")
    assert states(run) == {"a": "success", "b": "dispatched", "c": "dispatched", "d": "pending"}
    assert trail(run)[-3:] == ["task.succeeded a", "task.dispatched b", "task.dispatched c"]


def test_the_first_dispatch_is_the_operators(runs: DrawRun) -> None:
    run = runs("a", auto_dispatch=True)
    assert (state(run), states(run)) == ("created", {"a": "pending"})


def test_a_start_dispatches_nothing_new(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    start(run, "a")
    assert states(run) == {"a": "running", "b": "pending"}


def test_a_failure_lets_live_branches_go_on(runs: DrawRun) -> None:
    run = runs("a > c, b > d", auto_dispatch=True)
    dispatch(run, limit=None)
    finish(run, "a", "failed")
    finish(run, "b")
    assert states(run) == {"a": "failed", "c": "pending", "b": "success", "d": "dispatched"}
    finish(run, "d")
    assert state(run) == "failed"


def test_what_ended_together_is_dispatched_together(runs: DrawRun) -> None:
    run = runs("a > c, b > d, a > e, b > e", auto_dispatch=True)
    dispatch(run, limit=None)
    reports = [Report(attempt(run, of).pk, "success") for of in "ab"]
    apply_reports(run.pk, reports, by=who("runner"))
    assert trail(run)[-3:] == ["task.dispatched c", "task.dispatched d", "task.dispatched e"]


def test_a_whole_run_goes_by_itself(runs: DrawRun) -> None:
    run = runs("a > b > d, a > c > d", auto_dispatch=True)
    dispatch(run)
    for step_id in "abcd":
        finish(run, step_id)
    assert state(run) == "success"


def test_a_payload_that_cannot_be_filled_in_ends_the_chain(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True, payload={"text": "{{ params.no }}"})
    dispatch(run)
    assert (state(run), states(run)) == ("failed", {"a": "failed", "b": "pending"})


def test_a_free_place_of_a_full_runner_is_offered_to_waiting_runs(
    runs: DrawRun,
    script: Script,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    Runner.objects.filter(name="scripted").update(capacity=1)
    one, two = runs("a", auto_dispatch=True), runs("x, y", auto_dispatch=True)
    begin(two)
    dispatch(one)
    with django_capture_on_commit_callbacks(execute=True):
        finish(one, "a")
    assert states(two) == {"x": "success", "y": "dispatched"}
    assert script.titles == ["x", "a", "y"]


def begin(run: WorkflowRun) -> None:
    """Run the first task, and let the second wait for a place."""
    dispatch(run)
    Runner.objects.update(is_enabled=False)
    finish(run, "x")
    Runner.objects.update(is_enabled=True)
    assert task(run, "y").state == "pending"

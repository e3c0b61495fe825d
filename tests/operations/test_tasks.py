"""Cancel, retry and mark success: what they do, when they are refused, what the trail says."""

from collections.abc import Callable

import pytest

from tests.factories import TaskFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.tables import everything
from tests.support.verbs import (
    attempt,
    dispatch,
    dispatch_all,
    finish,
    report,
    start,
    state,
    states,
    task,
    trail,
    walk,
)
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import Task, WorkflowRun
from workflows.operations.runs import abort, pause
from workflows.operations.tasks import cancel, mark_success, retry

Operation = Callable[..., Task]

STATES = ["pending", "dispatched", "running", "success", "failed", "canceled"]
ALLOWED: dict[Operation, set[str]] = {
    cancel: {"pending", "dispatched", "running"},
    retry: {"failed", "canceled"},
    mark_success: {"failed", "canceled"},
}


def run_with(runs: DrawRun, wanted: str) -> WorkflowRun:
    """Bring the first task of a run into a state, in the ways that happen."""
    run = runs("a > b, other")
    if wanted == "canceled":
        cancel(task(run, "a").pk, by=who("test"))
    elif wanted != "pending":
        dispatch(run)
    if wanted == "running":
        start(run, "a")
    if wanted in {"success", "failed"}:
        finish(run, "a", wanted)
    assert states(run)["a"] == wanted
    return run


@pytest.mark.parametrize(
    ("operation", "before"),
    [(op, before) for op, fine in ALLOWED.items() for before in STATES if before not in fine],
)
def test_an_operation_that_does_not_fit_is_refused(
    runs: DrawRun, operation: Operation, before: str
) -> None:
    run = run_with(runs, before)
    kept = everything()
    with pytest.raises(Conflict, match=f"task {task(run, 'a').pk} is {before}"):
        operation(task(run, "a").pk, by=who("ada"), reason="because")
    assert everything() == kept


@pytest.mark.parametrize("operation", list(ALLOWED))
def test_there_must_be_such_a_task(db: None, operation: Operation) -> None:
    with pytest.raises(NotFound, match="task 999999 not found"):
        operation(999_999, by=who("ada"), reason="because")


def said(run: WorkflowRun) -> tuple[str, str, str]:
    last = run.events.filter(task__isnull=False).latest("id")
    return last.event_type, last.actor, last.reason


def test_a_pending_task_is_canceled_at_once(runs: DrawRun) -> None:
    run = run_with(runs, "pending")
    assert cancel(task(run, "a").pk, by=who("ada"), reason="not today").state == "canceled"
    assert said(run) == ("task.canceled", "ada", "not today")
    assert (task(run, "a").note, state(run)) == ("not today", "created")


def test_a_task_that_still_waits_for_an_executor_is_canceled_at_once(runs: DrawRun) -> None:
    run = run_with(runs, "dispatched")
    cancel(task(run, "a").pk, by=who("ada"), reason="not today")
    assert states(run)["a"] == "canceled"
    assert (attempt(run, "a").outcome, attempt(run, "a").message) == ("canceled", "not today")
    assert said(run) == ("task.canceled", "ada", "not today")


def test_a_running_task_is_canceled_once_it_has_ended(runs: DrawRun) -> None:
    run = run_with(runs, "running")
    answer = cancel(task(run, "a").pk, by=who("ada"), reason="not today")
    assert (answer.state, answer.cancel_requested_at is not None) == ("running", True)
    assert said(run) == ("task.cancel_requested", "ada", "not today")
    finish(run, "a", "canceled")
    assert states(run)["a"] == "canceled"


def test_a_task_that_its_runner_was_handed_is_canceled_once_it_has_ended(
    runs: DrawRun, script: Script
) -> None:
    run = run_with(runs, "dispatched")
    cancel(task(run, "a").pk, by=who("ada"))
    assert states(run)["a"] == "dispatched"
    report(attempt(run, "a"), "canceled")
    assert states(run)["a"] == "canceled"


def test_a_second_request_to_cancel_changes_nothing(runs: DrawRun) -> None:
    run = run_with(runs, "running")
    cancel(task(run, "a").pk, by=who("ada"))
    before = (trail(run), task(run, "a").cancel_requested_at)
    cancel(task(run, "a").pk, by=who("bob"))
    assert (trail(run), task(run, "a").cancel_requested_at) == before


def test_success_wins_over_a_request_to_cancel(runs: DrawRun) -> None:
    run = run_with(runs, "running")
    cancel(task(run, "a").pk, by=who("ada"))
    finish(run, "a")
    assert states(run)["a"] == "success"


def test_canceling_the_last_hope_fails_the_run(runs: DrawRun) -> None:
    run = runs("a > b")
    cancel(task(run, "a").pk, by=who("ada"))
    assert state(run) == "failed"
    assert trail(run) == [
        "task.canceled a",
        "workflow_run.running",
        "workflow_run.failed",
        "workflow_run.deadlocked",
    ]


@pytest.mark.parametrize("before", ["failed", "canceled"])
def test_a_retried_task_is_tried_anew(runs: DrawRun, before: str) -> None:
    run = run_with(runs, before)
    dispatched = task(run, "a").attempt_count
    answer = retry(task(run, "a").pk, by=who("ada"), reason="disk added")
    assert (answer.state, answer.note, answer.finished_at) == ("pending", "", None)
    assert said(run) == ("task.retried", "ada", "disk added")
    assert dispatch_all(run)[0] == "a"
    assert attempt(run, "a").number == dispatched + 1
    finish(run, "a")
    assert states(run)["a"] == "success"


def test_old_attempts_are_kept(runs: DrawRun) -> None:
    run = run_with(runs, "failed")
    retry(task(run, "a").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a")
    outcomes = task(run, "a").attempts.order_by("number").values_list("number", "outcome")
    assert list(outcomes) == [(1, "failed"), (2, "success")]


@pytest.mark.parametrize("before", ["failed", "canceled"])
def test_a_task_marked_success_counts_as_done_and_shows_it(runs: DrawRun, before: str) -> None:
    run = run_with(runs, before)
    answer = mark_success(task(run, "a").pk, by=who("ada"), reason="done by hand")
    assert (answer.state, answer.is_marked_success, answer.note) == (
        "success",
        True,
        "done by hand",
    )
    assert said(run) == ("task.marked_success", "ada", "done by hand")
    assert dispatch_all(run)[0] == "b"


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_mark_of_success_needs_a_reason(runs: DrawRun, reason: str) -> None:
    run = run_with(runs, "failed")
    before = everything()
    with pytest.raises(Invalid, match="reason"):
        mark_success(task(run, "a").pk, by=who("ada"), reason=reason)
    assert everything() == before


@pytest.mark.parametrize("mend", [retry, mark_success])
def test_mending_a_task_revives_a_failed_run(runs: DrawRun, mend: Operation) -> None:
    run = runs("a > b > c, a > c")
    dispatch(run)
    finish(run, "a", "failed")
    assert state(run) == "failed"
    mend(task(run, "a").pk, by=who("ada"), reason="mended")
    assert state(run) == "running"
    run.refresh_from_db()
    assert run.finished_at is None
    walk(run, *([] if mend is mark_success else ["a"]), "b", "c")
    assert state(run) == "success"
    assert trail(run)[-1] == "workflow_run.succeeded"


def test_marking_the_last_task_success_ends_the_run(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a", "failed")
    mark_success(task(run, "a").pk, by=who("ada"), reason="done by hand")
    assert trail(run)[-3:] == [
        "task.marked_success a",
        "workflow_run.running",
        "workflow_run.succeeded",
    ]


def test_a_run_with_another_failure_stays_as_dead_as_it_is(runs: DrawRun) -> None:
    run = runs("a > c, b > c")
    for step_id in "ab":
        dispatch(run)
        finish(run, step_id, "failed")
    assert state(run) == "failed"
    mark_success(task(run, "a").pk, by=who("ada"), reason="done by hand")
    assert state(run) == "failed"


def test_mending_a_task_does_not_unpause_its_run(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    pause(run.pk, by=who("ada"))
    finish(run, "a", "failed")
    retry(task(run, "a").pk, by=who("ada"))
    assert (state(run), states(run)["a"]) == ("paused", "pending")


@pytest.mark.parametrize("operation", [retry, mark_success])
def test_nothing_is_mended_in_an_aborted_run(runs: DrawRun, operation: Operation) -> None:
    run = run_with(runs, "failed")
    abort(run.pk, by=who("ada"))
    before = everything()
    with pytest.raises(Conflict, match=f"workflow run {run.pk} is aborted"):
        operation(task(run, "a").pk, by=who("ada"), reason="because")
    assert everything() == before


def test_a_retry_goes_out_by_itself_where_the_run_does_so(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    finish(run, "a", "failed")
    retry(task(run, "a").pk, by=who("ada"))
    assert states(run) == {"a": "dispatched", "b": "pending"}


def test_a_task_that_is_in_no_run_can_be_canceled_and_retried(db: None) -> None:
    alone = TaskFactory.create()
    assert cancel(alone.pk, by=who("ada"), reason="not today").state == "canceled"
    assert retry(alone.pk, by=who("ada")).state == "pending"
    alone.refresh_from_db()
    assert alone.state == "pending"
    assert [(event.event_type, event.run) for event in alone.events.all()] == [
        ("task.canceled", None),
        ("task.retried", None),
    ]

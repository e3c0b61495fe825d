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
def test_operation_is_refused_in_wrong_state(
    runs: DrawRun, operation: Operation, before: str
) -> None:
    run = run_with(runs, before)
    kept = everything()
    with pytest.raises(Conflict, match=f"task {task(run, 'a').pk} is {before}"):
        operation(task(run, "a").pk, by=who("ada"), reason="because")
    assert everything() == kept


@pytest.mark.parametrize("operation", list(ALLOWED))
def test_unknown_task_is_not_found(db: None, operation: Operation) -> None:
    with pytest.raises(NotFound, match="task 999999 not found"):
        operation(999_999, by=who("ada"), reason="because")


def last_event(run: WorkflowRun) -> tuple[str, str, str]:
    last = run.events.filter(task__isnull=False).latest("id")
    return last.event_type, last.actor, last.reason


def test_pending_task_is_canceled_at_once(runs: DrawRun) -> None:
    run = run_with(runs, "pending")
    assert cancel(task(run, "a").pk, by=who("ada"), reason="not today").state == "canceled"
    assert last_event(run) == ("task.canceled", "ada", "not today")
    assert (task(run, "a").note, state(run)) == ("not today", "created")


def test_unclaimed_task_is_canceled_at_once(runs: DrawRun) -> None:
    run = run_with(runs, "dispatched")
    cancel(task(run, "a").pk, by=who("ada"), reason="not today")
    assert states(run)["a"] == "canceled"
    assert (attempt(run, "a").outcome, attempt(run, "a").message) == ("canceled", "not today")
    assert last_event(run) == ("task.canceled", "ada", "not today")


def test_running_task_is_canceled_once_it_has_ended(runs: DrawRun) -> None:
    run = run_with(runs, "running")
    answer = cancel(task(run, "a").pk, by=who("ada"), reason="not today")
    assert (answer.state, answer.cancel_requested_at is not None) == ("running", True)
    assert last_event(run) == ("task.cancel_requested", "ada", "not today")
    finish(run, "a", "canceled")
    assert states(run)["a"] == "canceled"


def test_submitted_task_is_canceled_once_it_has_ended(runs: DrawRun, script: Script) -> None:
    run = run_with(runs, "dispatched")
    cancel(task(run, "a").pk, by=who("ada"))
    assert states(run)["a"] == "dispatched"
    report(attempt(run, "a"), "canceled")
    assert states(run)["a"] == "canceled"


def test_second_cancel_of_running_task_changes_nothing(runs: DrawRun) -> None:
    run = run_with(runs, "running")
    cancel(task(run, "a").pk, by=who("ada"))
    before = (trail(run), task(run, "a").cancel_requested_at)
    cancel(task(run, "a").pk, by=who("bob"))
    assert (trail(run), task(run, "a").cancel_requested_at) == before


def test_running_task_asked_to_end_may_still_succeed(runs: DrawRun) -> None:
    run = run_with(runs, "running")
    cancel(task(run, "a").pk, by=who("ada"))
    finish(run, "a")
    assert states(run)["a"] == "success"


def test_canceling_last_ready_task_fails_run(runs: DrawRun) -> None:
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
def test_retried_task_gets_new_attempt(runs: DrawRun, before: str) -> None:
    run = run_with(runs, before)
    dispatched = task(run, "a").attempt_count
    answer = retry(task(run, "a").pk, by=who("ada"), reason="disk added")
    assert (answer.state, answer.note, answer.finished_at) == ("pending", "", None)
    assert last_event(run) == ("task.retried", "ada", "disk added")
    assert dispatch_all(run)[0] == "a"
    assert attempt(run, "a").number == dispatched + 1
    finish(run, "a")
    assert states(run)["a"] == "success"


def test_retry_keeps_earlier_attempts(runs: DrawRun) -> None:
    run = run_with(runs, "failed")
    retry(task(run, "a").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a")
    outcomes = task(run, "a").attempts.order_by("number").values_list("number", "outcome")
    assert list(outcomes) == [(1, "failed"), (2, "success")]


@pytest.mark.parametrize("before", ["failed", "canceled"])
def test_task_marked_success_counts_as_done_and_is_marked(runs: DrawRun, before: str) -> None:
    run = run_with(runs, before)
    answer = mark_success(task(run, "a").pk, by=who("ada"), reason="done by hand")
    assert (answer.state, answer.is_marked_success, answer.note) == (
        "success",
        True,
        "done by hand",
    )
    assert last_event(run) == ("task.marked_success", "ada", "done by hand")
    assert dispatch_all(run)[0] == "b"


@pytest.mark.parametrize("reason", ["", "  "])
def test_mark_success_without_reason_is_invalid(runs: DrawRun, reason: str) -> None:
    run = run_with(runs, "failed")
    before = everything()
    with pytest.raises(Invalid, match="reason"):
        mark_success(task(run, "a").pk, by=who("ada"), reason=reason)
    assert everything() == before


@pytest.mark.parametrize("operation", [retry, mark_success])
def test_retry_or_mark_success_reopens_failed_run(runs: DrawRun, operation: Operation) -> None:
    run = runs("a > b > c, a > c")
    dispatch(run)
    finish(run, "a", "failed")
    assert state(run) == "failed"
    operation(task(run, "a").pk, by=who("ada"), reason="fixed")
    assert state(run) == "running"
    run.refresh_from_db()
    assert run.finished_at is None
    walk(run, *([] if operation is mark_success else ["a"]), "b", "c")
    assert state(run) == "success"
    assert trail(run)[-1] == "workflow_run.succeeded"


def test_marking_last_task_success_ends_run(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a", "failed")
    mark_success(task(run, "a").pk, by=who("ada"), reason="done by hand")
    assert trail(run)[-3:] == [
        "task.marked_success a",
        "workflow_run.running",
        "workflow_run.succeeded",
    ]


def test_run_with_another_failure_stays_failed(runs: DrawRun) -> None:
    run = runs("a > c, b > c")
    for step_id in "ab":
        dispatch(run)
        finish(run, step_id, "failed")
    assert state(run) == "failed"
    mark_success(task(run, "a").pk, by=who("ada"), reason="done by hand")
    assert state(run) == "failed"


def test_retry_in_paused_run_does_not_resume_it(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    pause(run.pk, by=who("ada"))
    finish(run, "a", "failed")
    retry(task(run, "a").pk, by=who("ada"))
    assert (state(run), states(run)["a"]) == ("paused", "pending")


@pytest.mark.parametrize("operation", [retry, mark_success])
def test_retry_and_mark_success_in_aborted_run_are_refused(
    runs: DrawRun, operation: Operation
) -> None:
    run = run_with(runs, "failed")
    abort(run.pk, by=who("ada"))
    before = everything()
    with pytest.raises(Conflict, match=f"workflow run {run.pk} is aborted"):
        operation(task(run, "a").pk, by=who("ada"), reason="because")
    assert everything() == before


def test_retry_in_auto_dispatch_run_dispatches_task(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    finish(run, "a", "failed")
    retry(task(run, "a").pk, by=who("ada"))
    assert states(run) == {"a": "dispatched", "b": "pending"}


def test_task_outside_any_run_can_be_canceled_and_retried(db: None) -> None:
    alone = TaskFactory.create()
    assert cancel(alone.pk, by=who("ada"), reason="not today").state == "canceled"
    assert retry(alone.pk, by=who("ada")).state == "pending"
    alone.refresh_from_db()
    assert alone.state == "pending"
    assert [(event.event_type, event.run) for event in alone.events.all()] == [
        ("task.canceled", None),
        ("task.retried", None),
    ]

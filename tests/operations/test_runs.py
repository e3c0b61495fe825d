"""Pause, resume and abort: what they do, when they are refused, what the trail says."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.tables import everything
from tests.support.verbs import attempt, dispatch, finish, start, state, states, task, trail, walk
from workflows.errors import Conflict, NotFound
from workflows.models import WorkflowRun
from workflows.operations.runs import abort, pause, resume

Operation = Callable[..., WorkflowRun]


def run_in(runs: DrawRun, wanted: str) -> WorkflowRun:
    """Bring a run into a state, in the ways that people do."""
    run = runs("a > b")
    if wanted == "success":
        walk(run, "a", "b")
    elif wanted != "created":
        dispatch(run)
    if wanted == "paused":
        pause(run.pk, by=who("test"))
    if wanted == "failed":
        finish(run, "a", "failed")
    if wanted == "aborted":
        abort(run.pk, by=who("test"))
    assert state(run) == wanted
    return run


ALLOWED = {
    pause: {"created": "paused", "running": "paused"},
    resume: {"paused": "running"},
    abort: {"created": "aborted", "running": "aborted", "paused": "aborted"},
}
EVENTS = {
    pause: "workflow_run.paused",
    resume: "workflow_run.resumed",
    abort: "workflow_run.aborted",
}
STATES = ["created", "running", "paused", "success", "failed", "aborted"]


@pytest.mark.parametrize(
    ("operation", "before"), [(op, before) for op, moves in ALLOWED.items() for before in moves]
)
def test_operation_changes_state_and_records_actor_and_reason(
    runs: DrawRun, operation: Operation, before: str
) -> None:
    run = run_in(runs, before)
    answer = operation(run.pk, by=who("ada"), reason="maintenance")
    assert answer.state == state(run) == ALLOWED[operation][before]
    event = run.events.get(event_type=EVENTS[operation], actor="ada")
    assert event.reason == "maintenance"


@pytest.mark.parametrize(
    ("operation", "before"),
    [(op, before) for op, moves in ALLOWED.items() for before in STATES if before not in moves],
)
def test_operation_is_refused_in_wrong_state(
    runs: DrawRun, operation: Operation, before: str
) -> None:
    run = run_in(runs, before)
    kept = everything()
    with pytest.raises(Conflict, match=f"workflow run {run.pk} is {before}"):
        operation(run.pk, by=who("ada"))
    assert everything() == kept


@pytest.mark.parametrize("operation", list(ALLOWED))
def test_unknown_run_is_not_found(db: None, operation: Operation) -> None:
    with pytest.raises(NotFound, match="workflow run 999999 not found"):
        operation(999_999, by=who("ada"))


def test_active_task_of_paused_run_continues(runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch(run)
    pause(run.pk, by=who("ada"))
    start(run, "a")
    finish(run, "a")
    assert states(run) == {"a": "success", "b": "pending"}


def test_resumed_auto_dispatch_run_dispatches_what_became_ready(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    pause(run.pk, by=who("ada"))
    finish(run, "a")
    resume(run.pk, by=who("ada"))
    assert states(run) == {"a": "success", "b": "dispatched"}
    assert trail(run)[-2:] == ["workflow_run.resumed", "task.dispatched b"]
    assert run.events.latest("id").actor == "ada"


def test_run_whose_task_failed_while_paused_fails_when_resumed(runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    pause(run.pk, by=who("ada"))
    finish(run, "a", "failed")
    resume(run.pk, by=who("ada"))
    assert trail(run)[-3:] == [
        "workflow_run.resumed",
        "workflow_run.failed",
        "workflow_run.deadlocked",
    ]


def test_abort_cancels_what_nobody_executes(runs: DrawRun) -> None:
    run = runs("a > b, c, d")
    walk(run, "a")
    dispatch(run)
    abort(run.pk, by=who("ada"), reason="wrong data")
    assert states(run) == {"a": "success", "b": "canceled", "c": "canceled", "d": "canceled"}
    assert attempt(run, "b").outcome == "canceled"
    assert task(run, "c").note == "wrong data"
    assert trail(run)[-4:] == [
        "workflow_run.aborted",
        "task.canceled b",
        "task.canceled c",
        "task.canceled d",
    ]
    run.refresh_from_db()
    assert run.finished_at
    assert {of: n for of, n in run.task_counts.items() if n} == {"success": 1, "canceled": 3}


def test_abort_requests_cancel_of_running_task(runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch(run)
    start(run, "a")
    abort(run.pk, by=who("ada"), reason="wrong data")
    assert states(run) == {"a": "running", "b": "canceled"}
    assert task(run, "a").cancel_requested_at
    assert trail(run)[-1] == "task.cancel_requested a"
    finish(run, "a", "canceled")
    assert states(run) == {"a": "canceled", "b": "canceled"}
    assert state(run) == "aborted"


def test_abort_requests_cancel_of_task_submitted_to_its_runner(
    runs: DrawRun, script: Script
) -> None:
    run = runs("a")
    dispatch(run)
    abort(run.pk, by=who("ada"))
    assert states(run) == {"a": "dispatched"}
    assert trail(run)[-2:] == ["workflow_run.aborted", "task.cancel_requested a"]


def test_nothing_is_dispatched_after_abort(
    runs: DrawRun, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    start(run, "a")
    abort(run.pk, by=who("ada"))
    with django_capture_on_commit_callbacks(execute=True):
        finish(run, "a")
    assert states(run) == {"a": "success", "b": "canceled"}

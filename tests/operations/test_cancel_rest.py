"""Cancel-rest cancels every task that is permanently blocked, and nothing else."""

import pytest

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, events, finish, state, states, trail
from workflows.errors import Conflict, NotFound
from workflows.insight.situation import situation_of
from workflows.models import WorkflowRun
from workflows.operations.runs import abort, cancel_rest


@pytest.fixture
def stuck(runs: DrawRun) -> WorkflowRun:
    """Return a run that can continue in one branch only."""
    run = runs("a > b > c, x > y")
    dispatch_all(run)
    finish(run, "a", "failed")
    return run


def test_cancel_rest_cancels_only_what_waits_for_failed_task(stuck: WorkflowRun) -> None:
    cancel_rest(stuck.pk, by=who("olga"), reason="given up")

    assert states(stuck) == {
        "a": "failed",
        "b": "canceled",
        "c": "canceled",
        "x": "dispatched",
        "y": "pending",
    }
    assert state(stuck) == "running"
    written = [each for each in events(stuck) if each.event_type == "task.canceled"]
    assert [(str(each.task), each.actor, each.reason) for each in written] == [
        ("b", "olga", "given up"),
        ("c", "olga", "given up"),
    ]


def test_cancel_rest_ends_deadlock(stuck: WorkflowRun) -> None:
    finish(stuck, "x")
    dispatch_all(stuck)
    finish(stuck, "y")
    stuck.refresh_from_db()
    assert situation_of(stuck).deadlock

    run = cancel_rest(stuck.pk, by=who("test"))

    assert (run.state, run.pending_count, run.canceled_count) == ("failed", 0, 2)
    assert not situation_of(run).deadlock


def test_cancel_rest_is_refused_where_nothing_is_blocked(stuck: WorkflowRun, runs: DrawRun) -> None:
    cancel_rest(stuck.pk, by=who("test"))
    before = trail(stuck)

    for run in (stuck, runs("a > b")):
        with pytest.raises(Conflict, match=f"nothing in workflow run {run.pk} waits for a failed"):
            cancel_rest(run.pk, by=who("test"))
    assert trail(stuck) == before


def test_cancel_rest_is_refused_in_aborted_run(stuck: WorkflowRun) -> None:
    abort(stuck.pk, by=who("test"))

    with pytest.raises(Conflict, match="is aborted"):
        cancel_rest(stuck.pk, by=who("test"))


def test_cancel_rest_of_unknown_run_is_not_found(db: None) -> None:
    with pytest.raises(NotFound):
        cancel_rest(987654, by=who("test"))

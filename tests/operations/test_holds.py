"""An operator keeps a task back, for a while or until released."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import (
    dispatch,
    dispatch_all,
    dispatch_some,
    finish,
    state,
    states,
    task,
    trail,
)
from workflows import operations
from workflows.errors import Conflict, Invalid
from workflows.models import Task
from workflows.operations.holds import hold, release, release_due


def test_a_held_task_keeps_no_later_one_back(runs: DrawRun) -> None:
    run = runs("a, b > c")
    hold(task(run, "a").pk, by=who("ada"), reason="disk is full")
    assert dispatch_some(run, 1) == ["b"]
    assert dispatch(run).reason == "dependencies not satisfied"
    finish(run, "b")
    assert dispatch_all(run) == ["c"]
    assert dispatch(run).reason == "on hold"


def test_a_released_task_goes_out_in_its_place(runs: DrawRun) -> None:
    run = runs("a, b")
    hold(task(run, "a").pk, by=who("ada"), reason="disk is full")
    release(task(run, "a").pk, by=who("bob"), reason="disk was emptied")
    assert dispatch_all(run) == ["a", "b"]
    assert trail(run)[:2] == ["task.held a", "task.released a"]
    held, released = run.events.filter(event_type__in=["task.held", "task.released"])
    assert (held.actor, held.reason) == ("ada", "disk is full")
    assert (released.actor, released.reason) == ("bob", "disk was emptied")


def test_a_held_task_waits_for_its_dependencies_too(runs: DrawRun) -> None:
    run = runs("a > b")
    hold(task(run, "b").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a")
    assert dispatch(run).reason == "on hold"
    release(task(run, "b").pk, by=who("ada"))
    assert dispatch_all(run) == ["b"]


def test_a_release_dispatches_where_the_run_does_so_by_itself(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    hold(task(run, "b").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a")
    assert states(run) == {"a": "success", "b": "pending"}
    release(task(run, "b").pk, by=who("ada"))
    assert states(run) == {"a": "success", "b": "dispatched"}


def test_a_run_that_failed_meanwhile_runs_on_after_the_release(runs: DrawRun) -> None:
    run = runs("a, b")
    hold(task(run, "b").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a", "failed")
    assert state(run) == "failed"
    release(task(run, "b").pk, by=who("ada"))
    assert state(run) == "running"
    assert dispatch_all(run) == ["b"]


def test_the_release_of_a_doomed_task_revives_nothing(runs: DrawRun) -> None:
    run = runs("a > b")
    hold(task(run, "b").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a", "failed")
    release(task(run, "b").pk, by=who("ada"))
    assert state(run) == "failed"


def test_a_hold_ends_by_itself_when_its_time_has_come(runs: DrawRun) -> None:
    run = runs("a, b")
    soon = timezone.now() + timedelta(hours=1)
    hold(task(run, "a").pk, by=who("ada"), resume_at=soon)
    hold(task(run, "b").pk, by=who("ada"))
    assert release_due(by=who("clock")) == 0
    Task.objects.filter(pk=task(run, "a").pk).update(resume_at=timezone.now())
    assert release_due(by=who("clock")) == 1
    assert dispatch_all(run) == ["a"]
    assert trail(run)[2] == "task.released a"


@pytest.mark.parametrize("after", ["dispatch", "hold"])
def test_only_a_pending_task_can_be_held_and_once(runs: DrawRun, after: str) -> None:
    run = runs("a")
    if after == "dispatch":
        dispatch(run)
    else:
        hold(task(run, "a").pk, by=who("ada"))
    word = "dispatched" if after == "dispatch" else "on hold"
    with pytest.raises(Conflict, match=f"task {task(run, 'a').pk} is {word}"):
        hold(task(run, "a").pk, by=who("ada"))


def test_only_a_held_task_can_be_released(runs: DrawRun) -> None:
    run = runs("a")
    with pytest.raises(Conflict, match="is not on hold"):
        release(task(run, "a").pk, by=who("ada"))


def test_a_hold_cannot_end_in_the_past(runs: DrawRun) -> None:
    run = runs("a")
    with pytest.raises(Invalid, match="resume_at: This moment has passed"):
        hold(task(run, "a").pk, by=who("ada"), resume_at=timezone.now())
    assert not task(run, "a").is_held


def test_a_task_canceled_on_hold_is_still_on_hold_when_retried(runs: DrawRun) -> None:
    run = runs("a, b")
    hold(task(run, "a").pk, by=who("ada"))
    operations.cancel(task(run, "a").pk, by=who("ada"))
    operations.retry(task(run, "a").pk, by=who("ada"))
    assert dispatch_all(run) == ["b"]
    release(task(run, "a").pk, by=who("ada"))
    assert dispatch_all(run) == ["a"]

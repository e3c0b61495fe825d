"""A task on hold is not dispatched until it is released, by hand or at its time."""

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
from workflows.models import Task, WorkflowRun
from workflows.operations.holds import hold, release, release_due
from workflows.runs.creation import create_task


def test_held_task_does_not_block_later_tasks(runs: DrawRun) -> None:
    run = runs("a, b > c")
    hold(task(run, "a").pk, by=who("ada"), reason="disk is full")
    assert dispatch_some(run, 1) == ["b"]
    assert dispatch(run).reason == "dependencies not satisfied"
    finish(run, "b")
    assert dispatch_all(run) == ["c"]
    assert dispatch(run).reason == "on hold"


def test_released_task_is_dispatched_in_template_order(runs: DrawRun) -> None:
    run = runs("a, b")
    hold(task(run, "a").pk, by=who("ada"), reason="disk is full")
    release(task(run, "a").pk, by=who("bob"), reason="disk was emptied")
    assert dispatch_all(run) == ["a", "b"]
    assert trail(run)[:2] == ["task.held a", "task.released a"]
    held, released = run.events.filter(event_type__in=["task.held", "task.released"])
    assert (held.actor, held.reason) == ("ada", "disk is full")
    assert (released.actor, released.reason) == ("bob", "disk was emptied")


def test_held_task_waits_for_its_dependencies_too(runs: DrawRun) -> None:
    run = runs("a > b")
    hold(task(run, "b").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a")
    assert dispatch(run).reason == "on hold"
    release(task(run, "b").pk, by=who("ada"))
    assert dispatch_all(run) == ["b"]


def test_release_in_auto_dispatch_run_dispatches_task(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    hold(task(run, "b").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a")
    assert states(run) == {"a": "success", "b": "pending"}
    release(task(run, "b").pk, by=who("ada"))
    assert states(run) == {"a": "success", "b": "dispatched"}


def test_release_of_ready_task_reopens_run_that_earlier_release_failed(runs: DrawRun) -> None:
    run = runs("a, b")
    hold(task(run, "b").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a", "failed")
    assert state(run) == "running"
    WorkflowRun.objects.filter(pk=run.pk).update(state="failed", finished_at=timezone.now())
    release(task(run, "b").pk, by=who("ada"))
    assert state(run) == "running"
    assert dispatch_all(run) == ["b"]


def test_release_of_blocked_task_does_not_reopen_failed_run(runs: DrawRun) -> None:
    run = runs("a > b")
    hold(task(run, "b").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a", "failed")
    release(task(run, "b").pk, by=who("ada"))
    assert state(run) == "failed"


def test_task_is_released_once_its_hold_is_over(runs: DrawRun) -> None:
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
def test_hold_of_dispatched_or_held_task_is_refused(runs: DrawRun, after: str) -> None:
    run = runs("a")
    if after == "dispatch":
        dispatch(run)
    else:
        hold(task(run, "a").pk, by=who("ada"))
    word = "dispatched" if after == "dispatch" else "on hold"
    with pytest.raises(Conflict, match=f"task {task(run, 'a').pk} is {word}"):
        hold(task(run, "a").pk, by=who("ada"))


def test_release_of_task_not_on_hold_is_refused(runs: DrawRun) -> None:
    run = runs("a")
    with pytest.raises(Conflict, match="is not on hold"):
        release(task(run, "a").pk, by=who("ada"))


def test_hold_until_past_moment_is_invalid(runs: DrawRun) -> None:
    run = runs("a")
    with pytest.raises(Invalid, match="resume_at: This moment has passed"):
        hold(task(run, "a").pk, by=who("ada"), resume_at=timezone.now())
    assert not task(run, "a").is_held


def test_task_canceled_on_hold_is_on_hold_after_retry(runs: DrawRun) -> None:
    run = runs("a, b")
    hold(task(run, "a").pk, by=who("ada"))
    operations.cancel(task(run, "a").pk, by=who("ada"))
    operations.retry(task(run, "a").pk, by=who("ada"))
    assert dispatch_all(run) == ["b"]
    release(task(run, "a").pk, by=who("ada"))
    assert dispatch_all(run) == ["a"]


def test_task_outside_any_run_is_held_and_released(db: None) -> None:
    alone = create_task(title="alone", by=who("ada"))
    assert operations.hold(alone.pk, by=who("ada")).is_held
    released = operations.release(alone.pk, by=who("ada"))
    assert (released.is_held, released.unmet_count) == (False, 0)

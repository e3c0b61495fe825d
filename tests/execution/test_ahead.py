"""Where tasks are short, some are claimed before a slot is free; the trail stays true."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError
from django.utils import timezone

from tests.execution.conftest import Execution
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.trail import check_trail
from tests.support.verbs import attempt, dispatch_all, states, trail
from workflows import operations
from workflows.dispatch.claims import claim_attempts, mark_started, release_claims
from workflows.execution.executor import Executor
from workflows.execution.prefetch import PrefetchBuffer
from workflows.models import TaskAttempt, WorkflowRun
from workflows.reports.recovery import recover_overdue

Payloads = dict[str, dict[str, Any]]
SHORT: Payloads = {f"s{n}": {"python": "noop"} for n in range(20)}
LONG: Payloads = {"long": {"command": ["sleep", "1"]}, "after": {"python": "noop"}}


@pytest.fixture(autouse=True)
def _every_task_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is."""
    monkeypatch.setattr("workflows.execution.prefetch.SHORT", timedelta(seconds=60))


def claimed(run: WorkflowRun) -> set[str]:
    """Return the steps that an executor has, and has not begun, as far as is stored."""
    found = TaskAttempt.objects.open().filter(task__run=run, started_at=None)
    return {str(each.task) for each in found.exclude(lease_expires_at=None)}


def executor_of(run: WorkflowRun) -> Executor:
    """Return one with a single slot, which it does not leave to other runs."""
    return Executor(concurrency=1, by=who("local runner"), run_id=run.pk)


def is_over(run: WorkflowRun) -> bool:
    return set(states(run).values()) == {"success"}


def to_end(run: WorkflowRun, look: Callable[[], object]) -> None:
    """Execute a run, looking at it before each turn."""
    dispatch_all(run)
    executor_of(run).serve(lambda: bool(look()) or not is_over(run))


def test_short_tasks_are_claimed_ahead_and_each_start_is_told(execution: Execution) -> None:
    run = execution.drawn(SHORT)
    seen: set[str] = set()
    to_end(run, lambda: seen.update(claimed(run)))
    assert seen
    assert is_over(run)
    check_trail(run)
    for step in SHORT:
        told = [line for line in trail(run) if line.endswith(f" {step}")]
        moves = ("dispatched", "running", "succeeded")
        assert told[-3:] == [f"task.{move} {step}" for move in moves]
        moments = attempt(run, step)
        assert moments.started_at
        assert moments.finished_at
        assert moments.dispatched_at <= moments.started_at <= moments.finished_at


def test_what_must_wait_behind_a_long_task_is_left_to_others(execution: Execution) -> None:
    run = execution.drawn(SHORT | LONG)
    seen: list[tuple[bool, str]] = []

    def look() -> None:
        seen.append(("after" in claimed(run), states(run)["long"]))

    to_end(run, look)
    assert any(is_claimed for is_claimed, _ in seen), "nothing was claimed ahead"
    assert (False, "running") in seen
    assert is_over(run)
    check_trail(run)


def test_who_stops_leaves_what_it_has_not_begun(execution: Execution) -> None:
    run = execution.drawn(SHORT | LONG)
    dispatch_all(run)
    executor = executor_of(run)

    def goes_on() -> bool:
        if "after" in claimed(run):
            executor.stop_claiming()
        return executor.is_claiming and not is_over(run)

    executor.serve(goes_on)
    assert claimed(run) == set()
    assert states(run)["after"] == "dispatched"
    execution.to_end(run)
    assert is_over(run)
    check_trail(run)


@pytest.fixture
def run(runs: DrawRun) -> WorkflowRun:
    """Return a run whose only task some executor has claimed and not begun."""
    run = runs("a", payload={"python": "noop"})
    dispatch_all(run)
    lease(run, timedelta(seconds=60))
    return run


def lease(run: WorkflowRun, until: timedelta) -> None:
    TaskAttempt.objects.filter(task__run=run).update(lease_expires_at=timezone.now() + until)


def serve(run: WorkflowRun) -> None:
    """Let an executor look once."""
    looks = iter([True])
    Executor(concurrency=1, by=who("local runner")).serve(lambda: next(looks, False))


def test_nobody_else_begins_what_is_claimed(run: WorkflowRun) -> None:
    serve(run)
    assert states(run)["a"] == "dispatched"
    assert release_claims(run.pk, [attempt(run, "a").pk]) == {attempt(run, "a").pk}
    serve(run)
    assert states(run)["a"] == "success"


def test_who_saw_it_before_it_was_claimed_does_not_begin_it(run: WorkflowRun) -> None:
    seen = [attempt(run, "a").pk]
    minute = timedelta(minutes=1)
    assert claim_attempts(run.pk, seen, lease=minute, by=who("another")) == []
    assert states(run)["a"] == "dispatched"
    [started] = mark_started(run.pk, seen, lease=minute, by=who("who has it"))
    assert (started.pk, trail(run)[-1]) == (seen[0], "task.running a")


def test_what_was_given_back_unheard_is_not_begun_here(
    run: WorkflowRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefetched = PrefetchBuffer(slots=1)
    prefetched.add(attempt(run, "a"))

    def breaks(*_: object) -> set[UUID]:
        raise OperationalError("the connection is lost, after the commit")

    monkeypatch.setattr("workflows.execution.prefetch.release_claims", breaks)
    with pytest.raises(OperationalError):
        prefetched.release_all()
    assert prefetched.next() is None


def test_who_has_claimed_a_canceled_task_is_asked_to_end_it(run: WorkflowRun) -> None:
    operations.cancel(attempt(run, "a").task_id, by=who("ada"), reason="not today")
    assert states(run)["a"] == "dispatched"
    assert trail(run)[-1] == "task.cancel_requested a"
    assert release_claims(run.pk, [attempt(run, "a").pk]) == set()


def test_what_its_executor_has_taken_to_the_grave_is_lost(run: WorkflowRun) -> None:
    lease(run, timedelta(seconds=-1))
    assert recover_overdue(by=who("rescue")) == {"lost": 1}
    assert states(run)["a"] == "failed"
    assert "task.lost a" in trail(run)
    check_trail(run)

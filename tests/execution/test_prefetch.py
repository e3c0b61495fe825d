"""Short tasks are prefetched: claimed before a slot is free. The events stay correct."""

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
from workflows.execution.tenure import Tenure, uptime
from workflows.models import TaskAttempt, WorkflowRun
from workflows.reports.recovery import recover_overdue

Payloads = dict[str, dict[str, Any]]
SHORT: Payloads = {f"s{n}": {"python": "noop"} for n in range(20)}
LONG: Payloads = {"long": {"command": ["sleep", "1"]}, "after": {"python": "noop"}}


@pytest.fixture(autouse=True)
def _every_task_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefetch however slow the machine is."""
    monkeypatch.setattr("workflows.execution.prefetch.SHORT", timedelta(seconds=60))


def claimed(run: WorkflowRun) -> set[str]:
    """Return the steps that are stored as claimed and not started."""
    found = TaskAttempt.objects.open().filter(task__run=run, started_at=None)
    return {str(each.task) for each in found.exclude(lease_expires_at=None)}


def executor_of(run: WorkflowRun) -> Executor:
    """Return an executor with a single slot, for one run."""
    return Executor(concurrency=1, by=who("local runner"), run_id=run.pk)


def is_over(run: WorkflowRun) -> bool:
    return set(states(run).values()) == {"success"}


def to_end(run: WorkflowRun, look: Callable[[], object]) -> None:
    """Execute a run; call `look` before each turn."""
    dispatch_all(run)
    executor_of(run).serve(lambda: bool(look()) or not is_over(run))


def test_short_tasks_are_prefetched_and_each_start_leaves_an_event(execution: Execution) -> None:
    run = execution.drawn(SHORT)
    seen: set[str] = set()
    to_end(run, lambda: seen.update(claimed(run)))
    assert seen
    assert is_over(run)
    check_trail(run)
    for step in SHORT:
        events = [line for line in trail(run) if line.endswith(f" {step}")]
        moves = ("dispatched", "running", "succeeded")
        assert events[-3:] == [f"task.{move} {step}" for move in moves]
        moments = attempt(run, step)
        assert moments.started_at
        assert moments.finished_at
        assert moments.dispatched_at <= moments.started_at <= moments.finished_at


def test_task_prefetched_behind_a_long_one_is_released(execution: Execution) -> None:
    run = execution.drawn(SHORT | LONG)
    seen: list[tuple[bool, str]] = []

    def look() -> None:
        seen.append(("after" in claimed(run), states(run)["long"]))

    to_end(run, look)
    assert any(is_claimed for is_claimed, _ in seen), "nothing was prefetched"
    assert (False, "running") in seen
    assert is_over(run)
    check_trail(run)


def test_stopping_executor_releases_prefetched_tasks(execution: Execution) -> None:
    run = execution.drawn(SHORT | LONG)
    dispatch_all(run)
    executor = executor_of(run)

    def should_continue() -> bool:
        if "after" in claimed(run):
            executor.stop()
        return executor.is_claiming and not is_over(run)

    executor.serve(should_continue)
    assert claimed(run) == set()
    assert states(run)["after"] == "dispatched"
    execution.to_end(run)
    assert is_over(run)
    check_trail(run)


@pytest.fixture
def run(runs: DrawRun) -> WorkflowRun:
    """Return a run whose only task an executor has claimed and not started."""
    run = runs("a", payload={"python": "noop"})
    dispatch_all(run)
    lease(run, timedelta(seconds=60))
    return run


def lease(run: WorkflowRun, until: timedelta) -> None:
    TaskAttempt.objects.filter(task__run=run).update(lease_expires_at=timezone.now() + until)


def serve(run: WorkflowRun) -> None:
    """Let an executor look for attempts once."""
    looks = iter([True])
    Executor(concurrency=1, by=who("local runner")).serve(lambda: next(looks, False))


def test_prefetched_attempt_is_not_started_by_another_executor(run: WorkflowRun) -> None:
    serve(run)
    assert states(run)["a"] == "dispatched"
    assert release_claims(run.pk, [attempt(run, "a").pk]) == {attempt(run, "a").pk}
    serve(run)
    assert states(run)["a"] == "success"


def test_attempt_prefetched_after_it_was_found_cannot_be_claimed(run: WorkflowRun) -> None:
    seen = [attempt(run, "a").pk]
    minute = timedelta(minutes=1)
    assert claim_attempts(run.pk, seen, lease=minute, by=who("another")) == []
    assert states(run)["a"] == "dispatched"
    [started] = mark_started(run.pk, seen, lease=minute, by=who("who has it"))
    assert (started.pk, trail(run)[-1]) == (seen[0], "task.running a")


def test_attempt_whose_release_got_no_answer_is_not_started(
    run: WorkflowRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefetched = PrefetchBuffer(slots=1, tenure=Tenure())
    prefetched.add(attempt(run, "a"), uptime())

    def lose_connection(*_: object) -> set[UUID]:
        raise OperationalError("the connection was lost after the commit")

    monkeypatch.setattr("workflows.execution.prefetch.release_claims", lose_connection)
    prefetched.release_all()
    assert prefetched.next() is None


def test_prefetched_attempt_to_be_canceled_is_not_released(run: WorkflowRun) -> None:
    operations.cancel(attempt(run, "a").task_id, by=who("ada"), reason="not today")
    assert states(run)["a"] == "dispatched"
    assert trail(run)[-1] == "task.cancel_requested a"
    assert release_claims(run.pk, [attempt(run, "a").pk]) == set()


def test_prefetched_attempt_of_dead_executor_is_lost(run: WorkflowRun) -> None:
    lease(run, timedelta(seconds=-1))
    assert recover_overdue(by=who("rescue")) == {"lost": 1}
    assert states(run)["a"] == "failed"
    assert "task.lost a" in trail(run)
    check_trail(run)

"""Rows that were changed without an event are found and named."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.audit.conftest import Corrupt, findings, first_attempt, pending_approval
from tests.support.verbs import attempt, task
from workflows.models import Approval, Task, TaskAttempt, WorkflowRun

LONG_AGO = timezone.now() - timedelta(days=1)
TO_COME = timezone.now() + timedelta(days=1)


def of_run(**columns: object) -> Corrupt:
    """Change columns of the run."""
    return lambda run: WorkflowRun.objects.filter(pk=run.pk).update(**columns)


def of_task(name: str, **columns: object) -> Corrupt:
    """Change columns of a task."""
    return lambda run: Task.objects.filter(pk=task(run, name).pk).update(**columns)


def of_attempt(name: str, **columns: object) -> Corrupt:
    """Change columns of the first attempt of a task."""
    return lambda run: TaskAttempt.objects.filter(pk=first_attempt(run, name)).update(**columns)


def of_approval(**columns: object) -> Corrupt:
    """Change columns of the pending approval."""
    return lambda run: Approval.objects.filter(pk=pending_approval(run).pk).update(**columns)


TASKS = [
    ("c", of_task("c", state="success"), "state: expected pending, found success"),
    ("a", of_task("a", attempt_count=2), "attempts: expected 1, found 2"),
    ("b", of_task("b", unmet_count=1), "things to wait for: expected 0, found 1"),
    ("c", of_task("c", unmet_count=0), "things to wait for: expected 1, found 0"),
    ("c", of_task("c", is_held=False), "on hold: expected yes, found no"),
    ("d", of_task("d", is_held=True), "on hold: expected no, found yes"),
    ("d", of_task("d", awaits_approval=False), "waiting for approval: expected yes, found no"),
    ("a", of_task("a", is_marked_success=True), "set to success by hand: expected no, found yes"),
    ("b", of_task("b", cancel_requested_at=TO_COME), "asked to end: expected no, found yes"),
    ("a", of_task("a", finished_at=None), "finished: expected yes, found no"),
    ("b", of_task("b", finished_at=TO_COME), "finished: expected no, found yes"),
    ("a", of_task("a", finished_at=LONG_AGO), "finished_at of a: expected not before started_at"),
    ("b", of_task("b", started_at=LONG_AGO), "started_at of b: expected not before dispatched_at"),
]


@pytest.mark.parametrize(("name", "corrupt", "expected"), TASKS)
def test_changed_task_is_found(
    eventful: WorkflowRun, name: str, corrupt: Corrupt, expected: str
) -> None:
    corrupt(eventful)
    [found] = findings(eventful)
    assert f"workflow run {eventful.pk}, task {task(eventful, name).pk}: {expected}" in found


ATTEMPTS = [
    (of_attempt("a", outcome="failed"), "outcome of {}: expected success, found failed"),
    (of_attempt("a", outcome=""), "outcome of {}: expected success, found none yet"),
    (of_attempt("b", number=3), "number of {}: expected 1, found 3"),
    (of_attempt("a", runner_name="x"), "runner of {}: expected scripted, found x"),
    (of_attempt("a", started_at=None), "start of {}: expected yes, found no"),
    (of_attempt("b", started_at=TO_COME), "start of {}: expected no, found yes"),
    (of_attempt("a", finished_at=None), "end of {}: expected yes, found no"),
    (of_attempt("a", finished_at=LONG_AGO), "finished_at of {}: expected not before started_at"),
    (of_attempt("a", started_at=LONG_AGO), "started_at of {}: expected not before dispatched_at"),
    (of_attempt("a", dispatched_at=TO_COME), "dispatched_at of {}: expected not after its event"),
    (of_attempt("a", finished_at=TO_COME), "finished_at of {}: expected not after its event"),
]


@pytest.mark.parametrize(("corrupt", "expected"), ATTEMPTS)
def test_changed_attempt_is_found(eventful: WorkflowRun, corrupt: Corrupt, expected: str) -> None:
    names = {name: f"attempt {first_attempt(eventful, name)}" for name in "ab"}
    corrupt(eventful)
    found = findings(eventful)
    assert any(expected.format(name) in each for each in found for name in names.values())


def test_attempt_moved_to_another_task_is_found(eventful: WorkflowRun) -> None:
    a, c = task(eventful, "a"), task(eventful, "c")
    of_attempt("a", task=c)(eventful)
    [found] = findings(eventful)
    assert f"task of attempt {c.attempts.get().pk}: expected {a.pk}, found {c.pk}" in found


def test_attempt_without_events_is_found(eventful: WorkflowRun) -> None:
    row = attempt(eventful, "a")
    made = TaskAttempt.objects.create(
        task=row.task, number=2, payload={}, timeout_seconds=1, outcome="success"
    )
    [found] = findings(eventful)
    assert f"attempt {made.pk}: expected no such attempt in the trail, found one" in found


def test_deleted_attempt_is_found(eventful: WorkflowRun) -> None:
    row = attempt(eventful, "a")
    TaskAttempt.objects.filter(pk=row.pk).delete()
    [found] = findings(eventful)
    assert f"attempt {row.pk}: expected number 1 of the task, found none" in found


APPROVALS = [
    (of_approval(status="approved", decided_at=TO_COME), "expected pending, found approved"),
    (of_approval(decided_at=TO_COME), "decided: expected no, found yes"),
    (lambda run: pending_approval(run).delete(), "approvals: expected pending, found none"),
]


@pytest.mark.parametrize(("corrupt", "expected"), APPROVALS)
def test_changed_approval_is_found(eventful: WorkflowRun, corrupt: Corrupt, expected: str) -> None:
    corrupt(eventful)
    [found] = findings(eventful)
    assert f"task {task(eventful, 'd').pk}: " in found
    assert expected in found


RUNS = [
    (of_run(state="paused"), "state: expected running, found paused"),
    (of_run(started_at=None), "started: expected yes, found no"),
    (of_run(finished_at=TO_COME), "finished: expected no, found yes"),
    *[
        (of_run(**{f"{state}_count": 9}), f"tasks that are {state}: expected {n}, found 9")
        for state, n in [
            ("pending", 2),
            ("dispatched", 0),
            ("running", 1),
            ("success", 1),
            ("failed", 0),
            ("canceled", 0),
        ]
    ],
]


@pytest.mark.parametrize(("corrupt", "expected"), RUNS)
def test_changed_run_is_found(eventful: WorkflowRun, corrupt: Corrupt, expected: str) -> None:
    corrupt(eventful)
    assert findings(eventful) == [f"workflow run {eventful.pk}: {expected}"]

"""A check returns what its operation would raise, or None where the operation would succeed."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection

from tests.factories import TaskFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import (
    attempt,
    dispatch,
    dispatch_all,
    finish,
    start,
    state,
    states,
    task,
    walk,
)
from workflows import operations
from workflows.errors import Conflict, WorkflowError, WrongState
from workflows.models import Approval, Task, WorkflowRun
from workflows.operations import catalog
from workflows.operations.catalog import Operation

RUN_STATES = ["created", "running", "paused", "success", "failed", "blocked", "aborted"]
TASK_STATES = ["pending", "held", "dispatched", "running", "success", "failed", "canceled"]
OF_RUNS = [
    catalog.DISPATCH_READY,
    catalog.DISPATCH_ALL_READY,
    catalog.PAUSE,
    catalog.RESUME,
    catalog.ABORT,
    catalog.CANCEL_REST,
    catalog.AUTO_DISPATCH_ON,
    catalog.RETRY_FAILED,
]
OF_TASKS = [
    catalog.DISPATCH_TASK,
    catalog.HOLD,
    catalog.RELEASE,
    catalog.ASK,
    catalog.CANCEL,
    catalog.DECLARE_LOST,
    catalog.RETRY,
    catalog.RETRY_DOWNSTREAM,
    catalog.MARK_SUCCESS,
]
OF_APPROVALS = [catalog.APPROVE, catalog.REJECT]
ADA = who("ada")
named = partial(pytest.mark.parametrize, ids=lambda each: getattr(each, "name", each))


def run_in(runs: DrawRun, wanted: str) -> WorkflowRun:
    """Bring a run into a state; `blocked` is running, with a pending task after a failed one."""
    run = runs("a > b, c > d" if wanted == "blocked" else "a, b")
    if wanted not in {"created", "aborted"}:
        dispatch_all(run)
    if wanted in {"success", "failed"}:
        finish(run, "a", wanted)
        finish(run, "b")
    if wanted == "blocked":
        finish(run, "a", "failed")
    if wanted == "paused":
        operations.pause(run.pk, by=ADA)
    if wanted == "aborted":
        operations.abort(run.pk, by=ADA)
    assert state(run) == ("running" if wanted == "blocked" else wanted)
    return WorkflowRun.objects.get(pk=run.pk)


def task_in(runs: DrawRun, wanted: str) -> Task:
    """Bring the first task of a run into a state."""
    run = runs("a > b, other")
    if wanted == "held":
        operations.hold(task(run, "a").pk, by=ADA)
    elif wanted == "canceled":
        operations.cancel(task(run, "a").pk, by=ADA)
    elif wanted != "pending":
        dispatch(run)
    if wanted == "running":
        start(run, "a")
    if wanted in {"success", "failed"}:
        finish(run, "a", wanted)
    assert states(run)["a"] == ("pending" if wanted == "held" else wanted)
    return task(run, "a")


@contextmanager
def undone() -> Iterator[None]:
    """Undo what is done inside, which may not be inside of a transaction of ours."""
    savepoint = str(connection.savepoint())
    yield
    connection.savepoint_rollback(savepoint)


def apply(operation: Operation, row: Any) -> WorkflowError | None:
    """Apply an operation and undo it; return what it was refused with."""
    needs_reason = operation in {catalog.MARK_SUCCESS, catalog.DECLARE_LOST}
    required = {"reason": "because"} if needs_reason else {}
    try:
        with undone():
            operation.apply(row.pk, by=ADA, **required)
    except WorkflowError as refusal:
        return refusal
    return None


def agreed(operation: Operation, row: Any) -> WorkflowError | None:
    """Return the refusal that the check foretold and the operation raised, or None."""
    foretold, raised = operation.check(row, ADA), apply(operation, row)
    assert (type(foretold), str(foretold)) == (type(raised), str(raised))
    return foretold


ALLOWED_RUNS = {
    catalog.DISPATCH_READY: {"created", "running", "success", "failed", "blocked"},
    catalog.DISPATCH_ALL_READY: {"created", "running", "success", "failed", "blocked"},
    catalog.PAUSE: {"created", "running", "blocked"},
    catalog.RESUME: {"paused"},
    catalog.ABORT: {"created", "running", "paused", "blocked"},
    catalog.CANCEL_REST: {"blocked"},
    catalog.AUTO_DISPATCH_ON: {*RUN_STATES} - {"aborted"},
    catalog.RETRY_FAILED: {"failed", "blocked"},
}
ALLOWED_TASKS = {
    catalog.DISPATCH_TASK: {"pending", "held"},
    catalog.HOLD: {"pending"},
    catalog.RELEASE: {"held"},
    catalog.ASK: set(),  # executors report by themselves
    catalog.CANCEL: {"pending", "held", "dispatched", "running"},
    catalog.DECLARE_LOST: {"running"},  # by an executor that holds no lease
    catalog.RETRY: {"failed", "canceled"},
    catalog.RETRY_DOWNSTREAM: {"success", "failed", "canceled"},
    catalog.MARK_SUCCESS: {"failed", "canceled"},
}


@named("wanted", RUN_STATES)
@named("operation", OF_RUNS)
def test_check_of_run_agrees_with_operation_in_every_state(
    runs: DrawRun, operation: Operation, wanted: str
) -> None:
    refusal = agreed(operation, run_in(runs, wanted))

    assert (refusal is None) == (wanted in ALLOWED_RUNS[operation])


@named("wanted", TASK_STATES)
@named("operation", OF_TASKS)
def test_check_of_task_agrees_with_operation_in_every_state(
    runs: DrawRun, operation: Operation, wanted: str
) -> None:
    refusal = agreed(operation, task_in(runs, wanted))

    assert (refusal is None) == (wanted in ALLOWED_TASKS[operation])


@named("wanted", ["pending", "running", "success", "failed", "canceled"])
@named("operation", OF_TASKS)
def test_check_of_task_agrees_with_operation_in_aborted_run(
    runs: DrawRun, operation: Operation, wanted: str
) -> None:
    row = task_in(runs, wanted)
    operations.abort(row.run_id or 0, by=ADA)
    row = Task.objects.get(pk=row.pk)

    refusal = agreed(operation, row)

    revives = {catalog.RETRY, catalog.RETRY_DOWNSTREAM, catalog.MARK_SUCCESS}
    if operation in revives and row.state in ALLOWED_TASKS[operation]:
        assert type(refusal) is Conflict
        assert str(refusal) == f"workflow run {row.run_id} is aborted"


@named("operation", OF_TASKS)
def test_check_of_task_agrees_with_operation_outside_any_run(
    db: None, operation: Operation
) -> None:
    row = TaskFactory.create()

    allowed = "pending" in ALLOWED_TASKS[operation] and operation != catalog.DISPATCH_TASK
    assert (agreed(operation, row) is None) == allowed


@named("status", ["pending", "approved", "rejected", "task canceled"])
@named("operation", OF_APPROVALS)
def test_check_of_approval_agrees_with_operation_in_every_state(
    runs: DrawRun, operation: Operation, status: str
) -> None:
    run = runs("a", requires_approval=True)
    row = Approval.objects.get(task__run=run)
    if status == "approved":
        operations.approve(row.pk, by=ADA)
    if status == "rejected":
        operations.reject(row.pk, by=ADA)
    if status == "task canceled":
        operations.cancel(row.task_id, by=ADA)

    refusal = agreed(operation, Approval.objects.get(pk=row.pk))

    assert (refusal is None) == (status == "pending")


@pytest.mark.parametrize("must_differ", [True, False])
@pytest.mark.parametrize("creator", ["ada", "bob"])
@named("operation", OF_APPROVALS)
def test_creator_is_refused_only_where_approver_must_differ(
    runs: DrawRun, operation: Operation, creator: str, must_differ: bool
) -> None:
    run = runs("a", requires_approval=True)
    WorkflowRun.objects.filter(pk=run.pk).update(
        created_by=creator, approver_must_differ=must_differ
    )

    refusal = agreed(operation, Approval.objects.get(task__run=run))

    assert (refusal is not None) == (creator == "ada" and must_differ)
    if refusal:
        assert str(refusal) == f"{run} was created by ada; somebody else must decide"


def test_retry_downstream_is_refused_only_while_task_after_it_is_active(runs: DrawRun) -> None:
    run = runs("a > b > c, x")
    walk(run, "a", "b")
    dispatch_all(run)

    refusal = agreed(catalog.RETRY_DOWNSTREAM, task(run, "a"))

    assert str(refusal) == f"task {task(run, 'c').pk} (c) is dispatched; cancel it first"
    finish(run, "c")
    assert attempt(run, "x").outcome == ""
    assert agreed(catalog.RETRY_DOWNSTREAM, task(run, "a")) is None


def test_cancel_rest_is_refused_while_failed_task_blocks_nothing(runs: DrawRun) -> None:
    run = runs("a, c > d")
    dispatch_all(run)
    finish(run, "a", "failed")
    run.refresh_from_db()

    refusal = agreed(catalog.CANCEL_REST, run)

    assert run.pending_count
    assert run.broken_count
    assert str(refusal) == f"nothing in {run} waits for a failed or canceled task"
    assert not isinstance(refusal, WrongState)


def test_task_canceled_on_hold_can_still_be_released(runs: DrawRun) -> None:
    row = task_in(runs, "held")
    operations.cancel(row.pk, by=ADA)

    assert agreed(catalog.RELEASE, Task.objects.get(pk=row.pk)) is None


@named("operation", [*OF_RUNS, *OF_TASKS, *OF_APPROVALS])
def test_check_of_loaded_row_needs_few_statements(
    runs: DrawRun, operation: Operation, django_assert_max_num_queries: Any
) -> None:
    run = runs("a > b, c, d", requires_approval=operation in OF_APPROVALS)
    if operation in OF_APPROVALS:
        row: Any = Approval.objects.select_related("task__run").first()
    else:
        dispatch_all(run)
        finish(run, "a", "failed" if operation is catalog.CANCEL_REST else "success")
        tasks = Task.objects.select_related("run")
        row = (
            WorkflowRun.objects.get(pk=run.pk)
            if operation in OF_RUNS
            else tasks.get(run=run, step_id="a")
        )
    reads_graph = {catalog.CANCEL_REST: 1, catalog.RETRY_DOWNSTREAM: 2}

    with django_assert_max_num_queries(reads_graph.get(operation, 0)):
        operation.check(row, ADA)

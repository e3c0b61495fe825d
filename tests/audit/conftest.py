"""A run with nearly every kind of event, and its findings."""

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import dispatch_some, finish, start, task
from workflows import operations
from workflows.audit.verify import verify_run
from workflows.models import Approval, WorkflowRun
from workflows.runs.approval_requests import request_approval


def findings(run: WorkflowRun) -> list[str]:
    """Return the findings about a run as sentences."""
    return [finding.sentence for finding in verify_run(run.pk)]


@pytest.fixture
def eventful(runs: DrawRun, script: Script) -> WorkflowRun:
    """
    Return a running run with nearly every kind of event.

    `a` is success, `b` failed, was retried and runs, `c` is on hold, `d` waits for an approval.
    """
    run = runs("a > b, c, d")
    for name in "cd":
        operations.hold(task(run, name).pk, by=who("ada"))
    request_approval(run, task(run, "d"), by=who("ada"))
    operations.release(task(run, "d").pk, by=who("ada"))
    assert dispatch_some(run, None) == ["a"]
    start(run, "a")
    finish(run, "a")
    assert dispatch_some(run, None) == ["b"]
    finish(run, "b", "failed", exit_code=1)
    operations.retry(task(run, "b").pk, by=who("ada"))
    assert dispatch_some(run, None) == ["b"]
    start(run, "b")
    assert findings(run) == []
    return run


Corrupt = Callable[[WorkflowRun], object]


def first_attempt(run: WorkflowRun, name: str) -> UUID:
    """Return the id of the first attempt of a task."""
    return task(run, name).attempts.earliest("number").pk


def pending_approval(run: WorkflowRun) -> Approval:
    """Return the pending approval."""
    return Approval.objects.get(task__run=run, status="pending")

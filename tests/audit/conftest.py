"""A run with nearly every kind of event, and its findings."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db.models import Q

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import ask_for_approval, dispatch_some, finish, start, task
from workflows import operations
from workflows.audit.verify import verify_run
from workflows.models import Approval, Event, RunRecord, TaskAttempt, WorkflowRun


def findings(run: WorkflowRun) -> list[str]:
    """Return the findings about a run as sentences."""
    return [finding.sentence for finding in verify_run(run.pk)]


def as_by_earlier_release(run: WorkflowRun) -> WorkflowRun:
    """Take the chain and the record away from a run, as if the release before had executed it."""
    Event.objects.filter(Q(run=run) | Q(task__run=run)).update(digest=None)
    WorkflowRun.objects.filter(pk=run.pk).update(trail_head="", trail_length=0, trail_saved_at=None)
    TaskAttempt.objects.filter(task__run=run).update(log_digest="", log_length=0)
    RunRecord.objects.filter(pk=run.pk).delete()
    return run


@pytest.fixture
def eventful(runs: DrawRun, script: Script) -> WorkflowRun:
    """
    Return a running run of the release before, with nearly every kind of event.

    `a` is success, `b` failed, was retried and runs, `c` is on hold, `d` waits for an approval.
    """
    run = runs("a > b, c, d")
    for name in "cd":
        operations.hold(task(run, name).pk, by=who("ada"))
    ask_for_approval(run, "d")
    operations.release(task(run, "d").pk, by=who("ada"))
    assert dispatch_some(run, None) == ["a"]
    start(run, "a")
    finish(run, "a")
    assert dispatch_some(run, None) == ["b"]
    finish(run, "b", "failed", exit_code=1)
    operations.retry(task(run, "b").pk, by=who("ada"))
    operations.pause(run.pk, by=who("ada"))
    operations.resume(run.pk, by=who("ada"))
    assert dispatch_some(run, None) == ["b"]
    start(run, "b")
    assert findings(run) == []
    as_by_earlier_release(run)
    assert findings(run) == []
    return run


Corrupt = Callable[[WorkflowRun], object]


def first_attempt(run: WorkflowRun, name: str) -> UUID:
    """Return the id of the first attempt of a task."""
    return task(run, name).attempts.earliest("number").pk


def pending_approval(run: WorkflowRun) -> Approval:
    """Return the pending approval."""
    return Approval.objects.get(task__run=run, status="pending")

"""Declare lost: an operator gives up an attempt that nobody answers for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runners.models import Runner
from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner
from tests.support.rivals import rival_before
from tests.support.trail import check_trail
from tests.support.verbs import attempt, dispatch, dispatch_all, finish, states, task, trail
from workflows import operations
from workflows.dispatch.claims import claim_attempts
from workflows.errors import Conflict, Invalid, ReportRefused
from workflows.insight.explain import explain
from workflows.models import TaskAttempt, WorkflowRun
from workflows.operations.preview import preview_retry
from workflows.reports.recovery import recover_overdue

ADA = who("ada")
REASON = "gpu-1 burned down"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def run(runs: DrawRun, host: HostRunner) -> WorkflowRun:
    """Return a run whose task is at a host."""
    made = runs("a > b")
    dispatch(made)
    return made


def declare(run: WorkflowRun) -> None:
    operations.declare_lost(task(run, "a").pk, by=ADA, reason=REASON)


def test_attempt_fails_as_lost_with_who_and_why(run: WorkflowRun) -> None:
    assert operations.declare_lost(task(run, "a").pk, by=ADA, reason=REASON).state == "failed"
    lost = attempt(run, "a")
    assert (lost.outcome, lost.message) == ("failed", f"declared lost by ada: {REASON}")
    assert trail(run)[-3:] == ["task.lost a", "workflow_run.failed", "workflow_run.deadlocked"]
    event = run.events.get(event_type="task.lost")
    assert (event.actor, event.reason) == ("ada", REASON)
    check_trail(run)


def test_reason_of_task_that_was_to_be_canceled_is_that_it_was_declared_lost(
    run: WorkflowRun,
) -> None:
    operations.cancel(task(run, "a").pk, by=ADA, reason="enough")
    declare(run)
    [cause] = explain(run.pk)["deadlock"]["root_causes"]
    assert cause["reason"] == f"declared lost by ada: {REASON}"


@pytest.mark.parametrize("status", ["running", "success", "failed", "canceled"])
def test_later_report_is_refused_with_an_event(
    run: WorkflowRun, callback: Callback, status: str
) -> None:
    declare(run)
    answer = callback(run, "a", status, stdout="late\n")
    assert answer.status_code == 409
    assert answer.json()["detail"] == f"attempt 1 of task {task(run, 'a').pk} was given up"
    assert (states(run)["a"], trail(run)[-1]) == ("failed", "task.report_refused a")
    assert not attempt(run, "a").log_pieces.exists()


def test_runner_is_not_asked_any_more(run: WorkflowRun, host: HostRunner) -> None:
    operations.cancel(task(run, "a").pk, by=ADA)
    declare(run)
    host.asked.clear()
    TaskAttempt.objects.update(dispatched_at=timezone.now() - timedelta(hours=1))
    assert recover_overdue(by=who("rescue")) == {}
    assert host.asked == []


def test_place_is_offered_to_others(
    runs: DrawRun, host: HostRunner, django_capture_on_commit_callbacks: object
) -> None:
    Runner.objects.filter(name="gpu-1").update(capacity=1)
    lost, waiting = runs("a", auto_dispatch=True), runs("x", auto_dispatch=True)
    assert dispatch_all(lost) == ["a"]
    assert dispatch_all(waiting) == []
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        declare(lost)
    assert states(waiting) == {"x": "dispatched"}


def test_retry_is_another_attempt_and_says_that_it_may_run_twice(
    run: WorkflowRun, callback: Callback
) -> None:
    declare(run)
    sentences = [effect.sentence for effect in preview_retry([task(run, "a")])]
    assert "1 task may still run where it was given up: it may then run twice" in sentences
    operations.retry(task(run, "a").pk, by=ADA)
    dispatch(run)
    assert callback(run, "a", "success").status_code == 200
    assert attempt(run, "a").number == 2


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_reason_is_required(run: WorkflowRun, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        operations.declare_lost(task(run, "a").pk, by=ADA, reason=reason)
    assert list(refused.value.fields) == ["reason"]
    assert states(run)["a"] == "dispatched"


def test_ended_task_is_refused(run: WorkflowRun) -> None:
    finish(run, "a")
    with pytest.raises(Conflict, match=r"no attempt of task .* is open: it is success"):
        declare(run)


def local_run(runs: DrawRun, lease: timedelta) -> WorkflowRun:
    """Return a run whose task an executor has claimed."""
    run = runs("a")
    dispatch(run)
    claim_attempts(run.pk, [attempt(run, "a").pk], lease=lease, by=who("executor"))
    return run


def test_attempt_of_a_living_executor_is_refused(runs: DrawRun) -> None:
    run = local_run(runs, MINUTE)
    with pytest.raises(Conflict, match="renewed its claim 0 s ago: cancel it instead"):
        declare(run)
    assert states(run) == {"a": "running"}


def test_unclaimed_attempt_is_refused(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    with pytest.raises(Conflict, match=r"no executor has claimed task .*: cancel it instead"):
        declare(run)


def test_attempt_whose_executor_is_silent_can_be_given_up(runs: DrawRun) -> None:
    run = local_run(runs, -MINUTE)
    declare(run)
    assert states(run) == {"a": "failed"}
    with pytest.raises(ReportRefused, match="was given up"):
        finish(run, "a")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_end_that_is_reported_at_the_same_moment_counts(run: WorkflowRun) -> None:
    with rival_before("FOR NO KEY UPDATE", lambda: finish(run, "a")), pytest.raises(Conflict):
        declare(run)
    assert states(run)["a"] == "success"
    check_trail(run)

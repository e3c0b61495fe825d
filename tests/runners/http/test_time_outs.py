"""The time-out of an attempt at a host is kept, whatever the host says."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from runners.models import Runner
from tests.management.conftest import wait_for
from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner
from tests.support.trail import check_trail
from tests.support.verbs import attempt, dispatch, states, task, trail
from workflows import operations
from workflows.models import TaskAttempt, WorkflowRun
from workflows.operations.preview import preview_retry, preview_retry_downstream
from workflows.reports.recovery import recover_overdue

BY = who("rescue")


@pytest.fixture
def run(runs: DrawRun, host: HostRunner) -> WorkflowRun:
    """Return a run whose task has been submitted, with a time-out of three seconds."""
    made = runs("a > b", timeout_seconds=3)
    dispatch(made)
    return made


def pass_time(seconds: float = 70) -> None:
    """Let time pass: every moment that the database knows moves into the past."""
    by = timedelta(seconds=seconds)
    for each in TaskAttempt.objects.exclude(lease_expires_at=None):
        assert each.lease_expires_at
        TaskAttempt.objects.filter(pk=each.pk).update(
            lease_expires_at=each.lease_expires_at - by,
            times_out_at=each.times_out_at and each.times_out_at - by,
        )


def answer(host: HostRunner, run: WorkflowRun, status: str, **more: Any) -> None:
    """Let the host answer polls and cancels alike."""
    pk = str(attempt(run, "a").pk)
    host.says(pk, status, **more)
    host.on_cancel = lambda _: (200, host.tasks[pk])


@pytest.mark.parametrize("status", ["running", "queued"])
def test_task_that_the_host_does_not_end_fails(
    run: WorkflowRun, host: HostRunner, callback: Callback, status: str
) -> None:
    callback(run, "a", "running")
    answer(host, run, status, stdout="so far\n")
    pass_time()
    assert recover_overdue(by=BY) == {"timed out": 1}

    ended = attempt(run, "a")
    assert host.asked[-1] == f"POST /tasks/{ended.pk}/cancel"
    assert ended.message == f"timed out after 3 s; the host still says {status}"
    assert (ended.outcome, ended.may_still_run, ended.lease_expires_at) == ("failed", True, None)
    assert ended.log_pieces.get().text == "so far\n"
    assert trail(run)[-3:] == ["task.failed a", "workflow_run.failed", "workflow_run.deadlocked"]
    event = run.events.get(event_type="task.failed")
    assert (event.actor, event.payload["message"]) == ("rescue", ended.message)
    check_trail(run)


def test_task_of_a_host_that_does_not_answer_fails(run: WorkflowRun, host: HostRunner) -> None:
    Runner.objects.filter(name="gpu-1").update(url="http://127.0.0.1:9")
    pass_time()
    recover_overdue(by=BY)
    assert attempt(run, "a").message == "timed out after 3 s; the host does not answer"
    assert states(run)["a"] == "failed"


def test_host_that_does_not_want_to_cancel_is_polled(run: WorkflowRun, host: HostRunner) -> None:
    answer(host, run, "running")
    host.on_cancel = lambda _: (409, {"detail": "no"})
    pass_time()
    recover_overdue(by=BY)
    assert attempt(run, "a").message == "timed out after 3 s; the host still says running"


def test_answer_about_another_task_does_not_delay_the_time_out(
    run: WorkflowRun, host: HostRunner
) -> None:
    answer(host, run, "success")
    host.tasks[str(attempt(run, "a").pk)]["task_id"] = "17"
    pass_time()
    recover_overdue(by=BY)
    assert attempt(run, "a").message == "timed out after 3 s; the host does not answer"
    assert "task.report_refused a" in trail(run)


@pytest.mark.parametrize(("status", "outcome"), [("success", "success"), ("failed", "failed")])
def test_end_that_the_host_knows_counts(
    run: WorkflowRun, host: HostRunner, status: str, outcome: str
) -> None:
    answer(host, run, status, message="by itself")
    pass_time()
    assert recover_overdue(by=BY) == {"answered": 1}
    ended = attempt(run, "a")
    assert (ended.outcome, ended.message, ended.may_still_run) == (outcome, "by itself", False)


def test_task_that_the_host_ends_when_asked_has_timed_out(
    run: WorkflowRun, host: HostRunner
) -> None:
    answer(host, run, "canceled")
    pass_time()
    recover_overdue(by=BY)
    ended = attempt(run, "a")
    assert ended.message == "timed out after 3 s; the host has ended it"
    assert (states(run)["a"], ended.may_still_run) == ("failed", False)


def test_task_that_an_operator_canceled_is_canceled_when_the_host_says_so(
    run: WorkflowRun, host: HostRunner
) -> None:
    operations.cancel(task(run, "a").pk, by=who("ada"))
    answer(host, run, "canceled")
    pass_time()
    recover_overdue(by=BY)
    assert states(run)["a"] == "canceled"


def test_canceled_task_that_the_host_does_not_end_times_out(
    run: WorkflowRun, host: HostRunner
) -> None:
    answer(host, run, "running")
    operations.cancel(task(run, "a").pk, by=who("ada"))
    pass_time()
    recover_overdue(by=BY)
    assert attempt(run, "a").message == "timed out after 3 s; the host still says running"


def test_task_that_the_host_does_not_know_is_lost(run: WorkflowRun, host: HostRunner) -> None:
    host.tasks.clear()
    pass_time()
    assert recover_overdue(by=BY) == {"lost": 1}
    assert "task.lost a" in trail(run)


def test_reports_that_it_is_running_do_not_delay_the_time_out(
    run: WorkflowRun, host: HostRunner, callback: Callback
) -> None:
    callback(run, "a", "running")
    limit = attempt(run, "a").times_out_at
    assert limit
    for _ in range(3):
        pass_time(15)
        limit -= timedelta(seconds=15)
        callback(run, "a", "running")
        found = attempt(run, "a")
        assert found.lease_expires_at
        assert found.lease_expires_at <= (found.times_out_at or limit) == limit
    assert found.lease_expires_at == limit


def test_time_out_counts_from_the_start(
    run: WorkflowRun, host: HostRunner, callback: Callback
) -> None:
    pass_time(40)
    callback(run, "a", "running")
    answer(host, run, "running")
    pass_time(40)
    assert recover_overdue(by=BY) == {}
    pass_time(24)
    assert recover_overdue(by=BY) == {"timed out": 1}


def test_time_out_counts_from_a_late_submission(run: WorkflowRun, host: HostRunner) -> None:
    TaskAttempt.objects.update(submitted_at=None)
    host.tasks.clear()
    pass_time(3_600)
    assert recover_overdue(by=BY)["submitted"] == 1
    assert recover_overdue(by=BY) == {}
    assert states(run)["a"] == "dispatched"


def test_host_that_reports_for_ever_is_ended_in_time(
    runs: DrawRun, host: HostRunner, callback: Callback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.dispatch.leases.REPORT_WITHIN", timedelta(seconds=0.3))
    run = runs("a", timeout_seconds=1)
    dispatch(run)
    answer(host, run, "running")
    began = timezone.now()

    def has_ended() -> bool:
        if callback(run, "a", "running").status_code == 200:
            recover_overdue(by=BY)
        return states(run) == {"a": "failed"}

    wait_for(has_ended)
    assert timezone.now() - began >= timedelta(seconds=1.3)


@pytest.mark.parametrize("status", ["running", "success", "failed", "canceled"])
def test_later_report_is_refused_with_an_event(
    run: WorkflowRun, host: HostRunner, callback: Callback, status: str
) -> None:
    answer(host, run, "running")
    pass_time()
    recover_overdue(by=BY)
    reply = callback(run, "a", status)
    assert reply.status_code == 409
    assert reply.json()["detail"].endswith("was given up")
    assert (trail(run)[-1], states(run)["a"]) == ("task.report_refused a", "failed")


def test_retry_says_that_the_task_may_run_twice(run: WorkflowRun, host: HostRunner) -> None:
    answer(host, run, "running")
    pass_time()
    recover_overdue(by=BY)
    twice = "1 task may still run where it was given up: it may then run twice"
    failed = task(run, "a")
    assert twice in [effect.sentence for effect in preview_retry([failed])]
    assert twice in [effect.sentence for effect in preview_retry_downstream([failed])]
    operations.retry(failed.pk, by=who("ada"))
    dispatch(run)
    operations.cancel(failed.pk, by=who("ada"))
    answer(host, run, "canceled")
    pass_time(16)
    recover_overdue(by=BY)
    assert twice not in [effect.sentence for effect in preview_retry([task(run, "a")])]

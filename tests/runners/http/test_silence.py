"""Polling of silent or unreachable hosts, lost attempts, and cancels that are repeated."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runners.models import Runner
from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner
from tests.support.verbs import attempt, dispatch, dispatch_all, state, states, task, trail
from workflows import operations
from workflows.dispatch.attempts import create_attempts
from workflows.dispatch.runner_pool import RunnerPool
from workflows.models import TaskAttempt, WorkflowRun
from workflows.reports.polling import request_cancellation
from workflows.reports.recovery import recover_overdue
from workflows.runs.locks import lock_run


def long_ago() -> None:
    """Let more time pass than any silence may last."""
    past = timezone.now() - timedelta(hours=1)
    TaskAttempt.objects.update(dispatched_at=past)
    TaskAttempt.objects.exclude(lease_expires_at=None).update(lease_expires_at=past)


def test_polling_makes_up_for_lost_callback(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a > b")
    dispatch(run)
    host.says(attempt(run, "a").pk, "success", exit_code=0, stdout="done\n")
    assert recover_overdue(by=who("rescue")) == {}
    long_ago()
    assert recover_overdue(by=who("rescue")) == {"answered": 1}
    assert states(run) == {"a": "success", "b": "pending"}
    assert attempt(run, "a").log_pieces.get().text == "done\n"
    assert run.events.get(event_type="task.succeeded").actor == "runner gpu-1"


def test_dispatch_polls_overdue_attempts(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a > b")
    dispatch(run)
    host.says(attempt(run, "a").pk, "success")
    long_ago()
    assert dispatch_all(run) == ["b"]


@pytest.mark.parametrize("status", ["queued", "running"])
def test_unfinished_attempt_is_not_polled_again_at_once(
    runs: DrawRun, host: HostRunner, status: str
) -> None:
    run = runs("a")
    dispatch(run)
    host.says(attempt(run, "a").pk, status)
    long_ago()
    recover_overdue(by=who("rescue"))
    assert states(run) == {"a": "running" if status == "running" else "dispatched"}
    host.asked.clear()
    recover_overdue(by=who("rescue"))
    assert host.asked == []


def test_attempt_unknown_to_runner_is_lost(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a")
    dispatch(run)
    host.tasks.clear()
    long_ago()
    assert recover_overdue(by=who("rescue")) == {"lost": 1}
    assert states(run) == {"a": "failed"}
    assert "task.lost a" in trail(run)
    assert attempt(run, "a").message == "runner lost: the runner does not know this task"


def test_unreachable_runner_leaves_attempt_open(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a, b")
    dispatch_all(run)
    Runner.objects.filter(name="gpu-1").update(url="http://127.0.0.1:9")
    long_ago()
    assert recover_overdue(by=who("rescue")) == {"unanswered": 2}
    assert states(run) == {"a": "dispatched", "b": "dispatched"}
    assert recover_overdue(by=who("rescue")) == {}  # not again at once


def test_unsent_attempt_is_submitted_with_its_key(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a")
    create_attempts(
        lock_run(run.pk), None, RunnerPool(), by=who("ada")
    )  # and the process is killed here
    WorkflowRun.objects.filter(pk=run.pk).update(
        state="running", pending_count=0, dispatched_count=1
    )
    assert recover_overdue(by=who("rescue")) == {}  # it may still be on its way
    long_ago()
    for _ in range(2):
        recover_overdue(by=who("rescue"))
    [sent] = host.submissions
    assert sent["idempotency_key"] == str(attempt(run, "a").pk)
    assert states(run) == {"a": "dispatched"}


def forget_the_submission(run: WorkflowRun) -> None:
    """Let the process die between the runner's answer and its note."""
    TaskAttempt.objects.filter(task__run=run).update(submitted_at=None)
    long_ago()


def test_attempt_known_to_runner_is_not_submitted_again(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a")
    dispatch(run)
    forget_the_submission(run)
    host.on_submit = lambda _: (503, {"detail": "full"})
    recover_overdue(by=who("rescue"))
    assert len(host.submissions) == 1
    assert states(run) == {"a": "dispatched"}
    assert attempt(run, "a").submitted_at


def test_silent_runner_leaves_unsent_attempt_open(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a")
    dispatch(run)
    forget_the_submission(run)
    Runner.objects.filter(name="gpu-1").update(url="http://127.0.0.1:9")
    recover_overdue(by=who("rescue"))
    assert len(host.submissions) == 1
    assert states(run) == {"a": "dispatched"}
    assert recover_overdue(by=who("rescue")) == {}  # not again at once


def test_unsent_canceled_attempt_is_canceled_not_submitted(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a")
    dispatch(run)
    forget_the_submission(run)
    host.submissions.clear()
    host.tasks.clear()
    operations.cancel(task(run, "a").pk, by=who("ada"), reason="not today")
    recover_overdue(by=who("rescue"))
    assert host.submissions == []
    assert states(run) == {"a": "canceled"}
    assert "task.canceled a" in trail(run)


def test_cancel_asks_runner_and_applies_its_answer(
    runs: DrawRun, host: HostRunner, callback: Callback
) -> None:
    run = runs("a")
    dispatch(run)
    callback(run, "a", "running")
    operations.cancel(task(run, "a").pk, by=who("ada"), reason="not today")
    assert states(run) == {"a": "running"}  # the runner is asked after the commit
    request_cancellation([attempt(run, "a").pk], by=who("ada"))
    assert states(run) == {"a": "canceled"}
    assert trail(run)[-3:] == [
        "task.cancel_requested a",
        "task.canceled a",
        "workflow_run.failed",
    ]


def test_unanswered_cancel_is_repeated_until_answered(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a")
    dispatch(run)
    operations.cancel(task(run, "a").pk, by=who("ada"))
    host.on_cancel = lambda _: (503, {})
    request_cancellation([attempt(run, "a").pk], by=who("ada"))
    assert states(run) == {"a": "dispatched"}
    host.on_cancel = None
    long_ago()
    recover_overdue(by=who("rescue"))
    assert states(run) == {"a": "canceled"}


def test_canceling_attempt_unknown_to_runner_cancels_task(runs: DrawRun, host: HostRunner) -> None:
    run = runs("a")
    dispatch(run)
    host.tasks.clear()
    operations.cancel(task(run, "a").pk, by=who("ada"))
    request_cancellation([attempt(run, "a").pk], by=who("ada"))
    assert states(run) == {"a": "canceled"}


def test_abort_cancels_all_attempts_at_runner(
    runs: DrawRun, host: HostRunner, django_capture_on_commit_callbacks: object
) -> None:
    run = runs(", ".join(f"s{n}" for n in range(30)) + ", s0 > z")
    dispatch_all(run)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        operations.abort(run.pk, by=who("ada"), reason="wrong branch")
    assert set(states(run).values()) == {"canceled"}
    assert state(run) == "aborted"
    assert len([line for line in host.asked if line.endswith("/cancel")]) == 30


def test_ready_task_does_not_wait_for_silent_runner_of_another(
    runs: DrawRun, host: HostRunner
) -> None:
    run = runs("a, b")
    dispatch(run)
    long_ago()
    host.asked.clear()
    assert dispatch_all(run) == ["b"]
    assert host.asked == ["POST /tasks/submit"]
    dispatch(run)  # nothing is ready: now it asks
    assert host.asked[1:] == [f"GET /tasks/{attempt(run, 'a').pk}"]

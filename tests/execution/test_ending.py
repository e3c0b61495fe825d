"""Time-outs, cancellations, stops and crashes: no process is left running."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.utils import timezone

from tests.execution.conftest import KEPT, Execution, log_of
from tests.support.actors import who
from tests.support.verbs import attempt as attempt_of
from tests.support.verbs import dispatch_all, report, start, state, states, task, trail
from workflows import operations
from workflows.dispatch.claims import claim_attempts
from workflows.execution.attempt_report import STOPPED
from workflows.execution.executor import Executor
from workflows.models import Task, TaskAttempt
from workflows.reports.recovery import recover_overdue

STUBBORN = "trap '' TERM; sleep 300 & echo $! > pids; echo $$ >> pids; wait; sleep 300"


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.execution.ending.GRACE_S", 0.5)


def stubborn_pids(directory: Path) -> list[int]:
    """Return the process ids that the stubborn command has written; none before that."""
    file = directory / "pids"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def is_alive(pid: int) -> bool:
    """Return True if a process runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_command_that_ignores_sigterm_is_killed_with_its_children(
    execution: Execution, tmp_path: Path
) -> None:
    payload = {"command": ["sh", "-c", STUBBORN], "cwd": str(tmp_path)}
    attempt = execution.run(payload, timeout_seconds=1)
    assert (attempt.outcome, attempt.message) == ("failed", "timed out after 1 s")
    assert attempt.exit_code == -9
    pids = stubborn_pids(tmp_path)
    assert len(pids) == 2
    assert not any(map(is_alive, pids))


def test_function_is_ended_after_its_time_out(execution: Execution) -> None:
    payload = {"python": "tests.sleep", "kwargs": {"seconds": 300}}
    attempt = execution.run(payload, timeout_seconds=1)
    assert (attempt.outcome, attempt.message) == ("failed", "timed out after 1 s")


@KEPT
def test_cancel_ends_the_process_group(execution: Execution, tmp_path: Path) -> None:
    payload = {"command": ["sh", "-c", STUBBORN], "cwd": str(tmp_path)}
    run = execution.drawn({"step": payload})
    pids: list[int] = []

    def cancel_once_started(_: Executor) -> None:
        if not pids and len(found := stubborn_pids(tmp_path)) == 2:
            pids.extend(found)
            operations.cancel(task(run, "step").pk, by=who("anna"), reason="not today")
            assert task(run, "step").state == "running"  # until its process has ended

    attempt = execution.to_end(run, meanwhile=cancel_once_started)["step"]
    assert attempt.outcome == "canceled"
    assert not any(map(is_alive, pids))
    assert trail(run)[-4:] == [
        "task.running step",
        "task.cancel_requested step",
        "task.canceled step",
        "workflow_run.failed",
    ]
    asked = run.events.get(event_type="task.cancel_requested")
    assert (asked.actor, asked.reason) == ("anna", "not today")


@KEPT
def test_abort_ends_running_tasks_and_cancels_pending_ones(
    execution: Execution, tmp_path: Path
) -> None:
    stubborn = {"command": ["sh", "-c", STUBBORN], "cwd": str(tmp_path)}
    run = execution.drawn({"a": stubborn, "b": {"python": "noop"}}, "a > b")

    def abort_once_started(_: Executor) -> None:
        if state(run) == "running" and len(stubborn_pids(tmp_path)) == 2:
            operations.abort(run.pk, by=who("anna"))

    execution.to_end(run, meanwhile=abort_once_started)
    assert states(run) == {"a": "canceled", "b": "canceled"}
    assert state(run) == "aborted"
    assert not any(map(is_alive, stubborn_pids(tmp_path)))


def test_background_processes_of_a_command_end_with_it(
    execution: Execution, tmp_path: Path
) -> None:
    script = "sleep 300 & echo $! > pids"
    attempt = execution.run({"command": ["sh", "-c", script], "cwd": str(tmp_path)})
    assert attempt.outcome == "success"
    assert not any(map(is_alive, stubborn_pids(tmp_path)))


def test_stopped_executor_fails_running_tasks_and_leaves_the_others(
    execution: Execution, tmp_path: Path
) -> None:
    stubborn = {"command": ["sh", "-c", STUBBORN], "cwd": str(tmp_path)}
    run = execution.drawn({"a": stubborn, "b": {"python": "noop"}})
    dispatch_all(run)
    executor = Executor(concurrency=1, by=who("local runner"))

    def should_continue() -> bool:
        if len(stubborn_pids(tmp_path)) < 2:
            return True
        executor.stop()
        executor.end_all()
        return False

    executor.serve(should_continue)
    assert states(run) == {"a": "failed", "b": "dispatched"}
    assert attempt_of(run, "a").message == STOPPED
    assert not any(map(is_alive, stubborn_pids(tmp_path)))


def test_attempt_with_expired_lease_is_lost_and_can_be_retried(
    execution: Execution,
) -> None:
    run = execution.drawn({"a": {"python": "noop"}, "b": {"python": "noop"}}, "a > b")
    dispatch_all(run)
    lost = attempt_of(run, "a")
    claim_attempts(run.pk, [lost.pk], lease=timedelta(seconds=60), by=who("local runner"))
    assert not recover_overdue(by=who("rescue"))

    TaskAttempt.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert recover_overdue(by=who("rescue")) == {"lost": 1}
    assert states(run) == {"a": "failed", "b": "pending"}
    assert attempt_of(run, "a").message.startswith("runner lost")
    assert "task.lost a" in trail(run)
    assert "task.failed a" not in trail(run)

    operations.retry(task(run, "a").pk, by=who("anna"))
    attempts = execution.to_end(run)
    assert attempts["a"].number == 2
    assert states(run) == {"a": "success", "b": "success"}


def test_log_can_be_read_while_the_command_runs(execution: Execution, tmp_path: Path) -> None:
    script = "echo begun; while [ ! -e go ]; do sleep 0.05; done; echo done"
    run = execution.drawn({"a": {"command": ["sh", "-c", script], "cwd": str(tmp_path)}})
    seen: list[str] = []

    def look(_: Executor) -> None:
        if log := "".join(log_of(attempt) for attempt in TaskAttempt.objects.all()):
            seen.append(log)
            (tmp_path / "go").touch()

    attempt = execution.to_end(run, meanwhile=look)["a"]
    assert seen[0] == "begun\n"
    assert log_of(attempt) == "begun\ndone\n"


def test_no_more_attempts_run_at_a_time_than_the_concurrency(execution: Execution) -> None:
    run = execution.drawn({name: {"command": ["sleep", "0.2"]} for name in "abcdef"})
    most: list[int] = []
    execution.to_end(
        run,
        concurrency=2,
        meanwhile=lambda _: most.append(Task.objects.filter(run=run, state="running").count()),
    )
    assert max(most) == 2
    assert set(states(run).values()) == {"success"}


def test_slot_that_died_while_idle_is_replaced(execution: Execution) -> None:
    run = execution.drawn({"a": {"python": "tests.pid"}, "b": {"python": "tests.pid"}}, "a > b")

    killed: list[Any] = []

    def kill_idle_slot(_: Executor) -> None:
        if not killed and states(run)["a"] == "success":
            killed.append(attempt_of(run, "a").result)
            psutil.Process(killed[0]).kill()
            operations.release(task(run, "b").pk, by=who("anna"))

    operations.hold(task(run, "b").pk, by=who("anna"))
    attempts = execution.to_end(run, meanwhile=kill_idle_slot)
    assert states(run) == {"a": "success", "b": "success"}
    assert attempts["b"].result not in killed


def test_attempt_that_was_reported_elsewhere_cannot_be_claimed(execution: Execution) -> None:
    run = execution.drawn({"a": {"python": "noop"}})
    dispatch_all(run)
    start(run, "a")
    report(attempt_of(run, "a"), "failed", message="reported elsewhere")
    assert (
        claim_attempts(
            run.pk, [attempt_of(run, "a").pk], lease=timedelta(seconds=60), by=who("late")
        )
        == []
    )
    assert states(run) == {"a": "failed"}

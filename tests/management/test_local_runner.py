"""`manage.py local_runner` executes attempts until stopped, and loses none when killed."""

import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.management.conftest import Started, wait_for
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, state, states, trail
from workflows.execution.attempt_report import STOPPED
from workflows.models import Event

SLEEP = {"command": ["sleep", "300"]}


def sleepers_of(pid: int) -> list[psutil.Process]:
    """Return the processes that an executor has started."""
    everyone = psutil.Process(pid).children(recursive=True)
    return [process for process in everyone if process.name() == "sleep"]


def test_attempts_dispatched_while_serving_are_executed(started: Started, runs: DrawRun) -> None:
    started("local_runner")
    run = runs("a > b, a > c", payload={"python": "noop"}, auto_dispatch=True)
    dispatch_all(run)
    wait_for(lambda: state(run) == "success")
    assert states(run) == {"a": "success", "b": "success", "c": "success"}


def test_start_is_said_where_the_log_does_not_say_it(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "warning")  # that of a project without a LOGGING of its own
    runner = started("local_runner", "--concurrency", "3")
    assert runner.stdout
    assert runner.stdout.readline().startswith("Executing local attempts, 3 at a time, of ")


def test_sigterm_lets_running_attempts_finish_and_starts_no_more(
    started: Started, runs: DrawRun, tmp_path: Path
) -> None:
    script = "while [ ! -e go ]; do sleep 0.05; done"
    run = runs("a, b", payload={"command": ["sh", "-c", script], "cwd": str(tmp_path)})
    dispatch_all(run)
    runner = started("local_runner", "--concurrency", "1")
    wait_for(lambda: states(run)["a"] == "running")
    runner.send_signal(signal.SIGTERM)
    (tmp_path / "go").touch()
    output, _ = runner.communicate(timeout=60)
    assert runner.returncode == 0
    assert output.endswith("Stopped; nothing is left running.\n")
    assert states(run) == {"a": "success", "b": "dispatched"}


def test_second_signal_ends_running_attempts_and_reports_them(
    started: Started, runs: DrawRun
) -> None:
    run = runs("a", payload=SLEEP)
    dispatch_all(run)
    runner = started("local_runner")
    wait_for(lambda: sleepers_of(runner.pid))
    [sleeper] = sleepers_of(runner.pid)
    while runner.poll() is None:  # two signals at once would arrive as one
        runner.send_signal(signal.SIGTERM)
        time.sleep(0.1)
    assert states(run) == {"a": "failed"}
    assert attempt(run, "a").message == STOPPED
    assert not sleeper.is_running()


def test_no_process_survives_a_killed_executor(started: Started, runs: DrawRun) -> None:
    run = runs("a, b", payload=SLEEP)
    dispatch_all(run)
    runner = started("local_runner")
    wait_for(lambda: len(sleepers_of(runner.pid)) == 2)
    family = psutil.Process(runner.pid).children(recursive=True)
    runner.kill()
    psutil.wait_procs(family, timeout=30)
    assert not [process for process in family if _is_running(process)]
    assert states(run) == {"a": "running", "b": "running"}  # until their lease runs out


def _is_running(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_two_runners_start_each_attempt_once(started: Started, runs: DrawRun) -> None:
    names = [f"s{n}" for n in range(40)]
    run = runs(", ".join(names), payload={"python": "noop"})
    for _ in range(2):
        started("local_runner", "--concurrency", "3")
    dispatch_all(run)
    wait_for(lambda: state(run) == "success")
    begun = [line for line in trail(run) if line.startswith("task.running")]
    assert sorted(begun) == sorted(f"task.running {name}" for name in names)
    assert not Event.objects.filter(event_type="task.report_refused").exists()

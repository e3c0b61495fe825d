"""Logs are whole: output is read until the pipe closes, or until a grace of two seconds is over."""

import time

import pytest

from tests.execution.conftest import Execution, log_of
from tests.support.verbs import states
from workflows.execution.executor import Executor

TEE = 'exec > >(tee -a tee.log) 2>&1; echo start; sleep 0.1; echo "ERROR: the reason"; exit 3'
SLOW = (
    'exec > >(while IFS= read -r line; do sleep 0.05; echo "filtered: $line"; done) 2>&1; '
    "echo 1; echo 2; echo 3; echo the reason; exit 3"
)


@pytest.mark.slow
@pytest.mark.parametrize(("script", "last"), [(TEE, "ERROR: the reason"), (SLOW, "the reason")])
def test_last_line_of_a_filtered_script_is_in_all_logs(
    execution: Execution, tmp_path: object, script: str, last: str
) -> None:
    payload = {"command": ["bash", "-c", script], "cwd": str(tmp_path)}
    run = execution.drawn({f"s{n}": payload for n in range(30)})
    attempts = execution.to_end(run, concurrency=6)
    assert [a.exit_code for a in attempts.values()] == [3] * 30
    assert [name for name, a in attempts.items() if not log_of(a).endswith(f"{last}\n")] == []


def test_daemon_delays_the_end_by_no_more_than_the_grace(execution: Execution) -> None:
    script = "(while :; do echo tick; sleep 0.1; done) & echo started; exit 4"
    attempt = execution.run({"command": ["bash", "-c", script]})
    assert (attempt.outcome, attempt.exit_code) == ("failed", 4)
    assert attempt.finished_at
    assert attempt.started_at
    assert 2 <= (attempt.finished_at - attempt.started_at).total_seconds() < 4
    assert log_of(attempt).count("tick") >= 10


def test_daemon_that_prints_nothing_delays_nothing(execution: Execution) -> None:
    script = "setsid -f sleep 300 > /dev/null 2>&1 < /dev/null; echo started"
    attempt = execution.run({"command": ["bash", "-c", script]})
    assert attempt.finished_at
    assert attempt.started_at
    grace_s = 2
    assert (attempt.finished_at - attempt.started_at).total_seconds() < grace_s
    assert log_of(attempt) == "started\n"


def test_daemon_that_floods_is_bounded(execution: Execution) -> None:
    attempts = execution.steps(
        {
            "a": {"command": ["bash", "-c", "yes & exit 0"]},
            "b": {"command": ["echo", "b"]},
        }
    )
    assert [attempt.outcome for attempt in attempts.values()] == ["success", "success"]
    assert "characters were cut here" in log_of(attempts["a"])


def test_slow_executor_loses_nothing(execution: Execution, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks so seldom that the command has ended long before, and the pipe is full."""
    run = execution.drawn(
        {"a": {"command": ["bash", "-c", "(sleep 0.3; seq 20000) & seq 20000; exit 5"]}}
    )

    def look_away(_: Executor) -> None:
        time.sleep(0.7)

    attempt = execution.to_end(run, meanwhile=look_away)["a"]
    assert attempt.exit_code == 5
    assert sum(line == "20000" for line in log_of(attempt).splitlines()) == 2


def test_bytes_that_are_not_text_and_partial_lines_are_kept(execution: Execution) -> None:
    attempt = execution.run({"command": ["bash", "-c", r"printf 'a\xff\xc3'; printf '\xa4b'"]})
    assert log_of(attempt) == "a\ufffdäb"


def test_exit_code_does_not_change_because_something_is_left(execution: Execution) -> None:
    run = execution.drawn(
        {
            str(code): {"command": ["bash", "-c", f"sleep 0.2 & exit {code}"]}
            for code in (0, 1, 42, 255)
        }
    )
    attempts = execution.to_end(run)
    assert {int(name): a.exit_code for name, a in attempts.items()} == {
        code: code for code in (0, 1, 42, 255)
    }
    assert states(run)["0"] == "success"

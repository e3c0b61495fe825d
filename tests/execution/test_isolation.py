"""What an attempt leaves behind reaches no other: not its log, result, outcome or surroundings."""

import os
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from runners.slots.pool import SlotPool
from runners.slots.server_handle import ServerHandle
from tests.execution.conftest import Execution, log_of
from tests.support.actors import who
from tests.support.harmless_functions import HARMLESS
from tests.support.hostile_functions import LEAVINGS
from tests.support.verbs import dispatch_all, states
from workflows.execution.executor import Executor
from workflows.models import TaskAttempt

SURROUNDINGS = {"python": "hostile.surroundings"}
IN_ORDER = "before > leave > after > command"


def one_after_another(execution: Execution, payloads: dict[str, Any]) -> dict[str, TaskAttempt]:
    """Execute tasks in one slot, as far as it is kept."""
    run = execution.drawn(payloads, " > ".join(payloads))
    return execution.to_end(run, concurrency=1)


@pytest.mark.parametrize("what", [what for what in LEAVINGS if what != "root directory"])
def test_what_a_function_leaves_is_not_there_for_the_next(execution: Execution, what: str) -> None:
    attempts = one_after_another(
        execution,
        {
            "before": SURROUNDINGS,
            "leave": {"python": "hostile.leave", "kwargs": {"what": what}},
            "after": SURROUNDINGS,
            "command": {"command": ["sh", "-c", "pwd; umask; ulimit -a; nice; sleep 0.5"]},
        },
    )
    left = attempts["leave"]
    assert (left.outcome, left.result) == ("success", "left by the first")
    assert log_of(left).startswith(f"leaving {what}\n")
    assert attempts["after"].outcome == "success"
    assert attempts["after"].result == attempts["before"].result
    assert log_of(attempts["after"]) == ""
    assert "STRAY" not in log_of(attempts["command"])


@pytest.mark.parametrize(
    "first",
    [
        {"python": "hostile.fork_and_exit"},
        {"python": "hostile.fork_and_raise"},
        {"python": "hostile.leave", "kwargs": {"what": "fork"}},
        {"python": "hostile.leave", "kwargs": {"what": "fork in C"}},
    ],
    ids=str,
)
def test_forked_child_answers_for_no_attempt(execution: Execution, first: dict[str, Any]) -> None:
    run = execution.drawn(
        {
            "a": first,
            "b": {"python": "tests.fail", "kwargs": {"text": "b has failed"}},
            "c": {"python": "noop"},
        },
        "a > b > c",
    )
    attempts = execution.to_end(run, concurrency=1)
    assert states(run) == {"a": "success", "b": "failed", "c": "pending"}
    assert attempts["b"].message == "ValueError: b has failed"
    assert attempts["b"].result is None


def test_function_that_closes_the_descriptors_of_its_slot_fails_alone(
    execution: Execution,
) -> None:
    run = execution.drawn({"a": {"python": "hostile.close_everything"}, "b": {"python": "noop"}})
    attempts = execution.to_end(run, concurrency=1)
    assert states(run) == {"a": "failed", "b": "success"}
    assert attempts["a"].message == "the function closed descriptors that it had not opened"


def test_secret_of_a_background_process_is_in_no_other_log(execution: Execution) -> None:
    script = 'setsid -f sh -c "sleep 2.3; echo deploying with hunter2hunter2"; echo started'
    attempts = one_after_another(
        execution,
        {
            "a": {"command": ["sh", "-c", script]},
            "b": {"command": ["sh", "-c", "echo b begins; sleep 1; echo b ends"]},
        },
    )
    assert log_of(attempts["a"]) == "started\n"
    assert log_of(attempts["b"]) == "b begins\nb ends\n"


def test_pipe_made_non_blocking_by_one_task_is_not_that_of_the_next(execution: Execution) -> None:
    attempts = one_after_another(
        execution,
        {
            "a": {"command": ["python", "-c", "import os; os.set_blocking(1, False)"]},
            "b": {"command": ["sh", "-c", 'head -c 2000000 /dev/zero | tr "\\0" x']},
            "c": {"command": ["python", "-c", 'print("y" * 2_000_000)']},
        },
    )
    assert [attempt.outcome for attempt in attempts.values()] == ["success"] * 3


def test_slot_in_which_nothing_is_left_serves_the_next_attempt(execution: Execution) -> None:
    commands = {"b": {"command": ["sh", "-c", "sleep 0.05 & echo b"]}}
    attempts = one_after_another(
        execution, {"a": {"python": "tests.pid"}, **commands, "c": {"python": "tests.pid"}}
    )
    assert attempts["a"].result == attempts["c"].result


@pytest.mark.parametrize(
    "change", ["renice -n 5 -p $PPID", "prlimit --pid $PPID --nofile=60", "chrt -b -p 0 $PPID"]
)
def test_what_a_command_changes_in_its_slot_is_not_there_for_the_next(
    execution: Execution, change: str
) -> None:
    attempts = one_after_another(
        execution,
        {
            "before": SURROUNDINGS,
            "change": {"command": ["sh", "-c", change]},
            "after": SURROUNDINGS,
        },
    )
    assert attempts["change"].outcome == "success"
    assert attempts["after"].result == attempts["before"].result


def test_late_order_to_end_an_attempt_does_not_reach_the_next(
    execution: Execution, tmp_path: Path
) -> None:
    script = "touch begun; until [ -e go ]; do sleep 0.02; done"
    run = execution.drawn(
        {
            "a": {"command": ["sh", "-c", script], "cwd": str(tmp_path)},
            "b": {"command": ["sleep", "1.5"]},
        }
    )

    def end_while_server_stands_still(executor: Executor) -> None:
        if not (tmp_path / "begun").exists() or (tmp_path / "go").exists():
            return
        [server] = [
            child for child in psutil.Process().children() if "fork_server" in str(child.cmdline())
        ]
        server.suspend()
        executor.end_all("ended")
        (tmp_path / "go").touch()
        threading.Timer(0.5, server.resume).start()

    attempts = execution.to_end(run, concurrency=1, meanwhile=end_while_server_stands_still)
    assert [(each.outcome, each.message) for each in attempts.values()] == [
        ("failed", "ended"),
        ("success", ""),
    ]


def test_executor_whose_directory_is_deleted_goes_on(
    execution: Execution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "release"
    directory.mkdir()
    monkeypatch.chdir(directory)
    directory.rmdir()
    server = ServerHandle()
    slots = SlotPool(server)
    executor = Executor(concurrency=1, by=who("local runner"), slots=slots)
    run = execution.drawn({"a": {"python": "tests.pid"}, "b": {"python": "tests.pid"}})
    dispatch_all(run)
    executor.serve(lambda: not {"dispatched", "running"}.isdisjoint(states(run).values()))
    slots.close()
    server.close()
    assert states(run) == {"a": "success", "b": "success"}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_functions_usually_do_leaves_nothing(execution: Execution, what: str) -> None:
    use = {"python": "harmless.use", "kwargs": {"what": what}}
    attempts = one_after_another(
        execution, {"a": {"python": "tests.pid"}, "b": use, "c": use, "d": {"python": "tests.pid"}}
    )
    assert {attempt.outcome for attempt in attempts.values()} == {"success"}
    assert attempts["a"].result == attempts["d"].result


def test_both_streams_of_a_function_are_in_the_order_in_which_it_printed(
    execution: Execution,
) -> None:
    attempt = execution.run({"python": "hostile.print_both"})
    assert log_of(attempt) == "out err out again\n"


def test_process_that_the_slot_does_not_adopt_ends_with_its_attempt(execution: Execution) -> None:
    look = {"command": ["sh", "-c", "ps -eo args | grep -c '[s]leep 300.25'"]}
    attempts = one_after_another(execution, {"a": {"python": "hostile.disown"}, "b": look})
    assert attempts["a"].outcome == "success"
    assert log_of(attempts["b"]) == "0\n"


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to change the root directory")
def test_function_that_leaves_the_file_system_has_succeeded(execution: Execution) -> None:
    chroot = {"python": "hostile.leave", "kwargs": {"what": "root directory"}}
    attempts = one_after_another(execution, {"a": chroot, "b": {"command": ["pwd"]}})
    assert {name: each.outcome for name, each in attempts.items()} == {
        "a": "success",
        "b": "success",
    }

"""An attempt is its process tree: however it ends, no process of it is left."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.execution.conftest import KEPT, Execution
from tests.support.actors import who
from tests.support.trees import Tree
from tests.support.verbs import states, task, trail
from workflows import operations
from workflows.execution.executor import Executor
from workflows.execution.running_attempt import SERVER_DIED

pytestmark = pytest.mark.slow

LEFT_WITHIN_S = 6.0


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.execution.ending.GRACE_S", 0.5)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Return a tree that has not been started."""
    return Tree(tmp_path)


def once(condition: Callable[[], object], action: Callable[[], object]) -> Callable[..., None]:
    """Return a function that acts once, as soon as the condition holds."""
    done: list[bool] = []

    def act(*_: object) -> None:
        if not done and condition():
            done.append(True)
            action()

    return act


def slot_of(tree: Tree) -> psutil.Process:
    """Return the slot that executes a tree: the parent of its first process."""
    for pid in tree.pids:
        with suppress(psutil.NoSuchProcess):  # some of them come and go
            process = psutil.Process(pid)
            parent = process.parent()
            if parent and "fork_server" in " ".join(parent.cmdline()) and process.name() == "bash":
                return parent
    raise AssertionError("the tree has no slot")


@KEPT
def test_canceled_task_is_canceled_once_its_tree_is_gone(execution: Execution, tree: Tree) -> None:
    run = execution.drawn({"a": tree.payload})
    seen: list[list[int]] = []

    def look(_: Executor) -> None:
        cancel()
        if states(run)["a"] == "canceled":
            seen.append(tree.pids)

    cancel = once(lambda: tree.is_up, lambda: operations.cancel(task(run, "a").pk, by=who("anna")))
    execution.to_end(run, meanwhile=look)
    seen.append(tree.pids)
    assert states(run) == {"a": "canceled"}
    assert not any(seen)
    assert trail(run)[-3:] == ["task.cancel_requested a", "task.canceled a", "workflow_run.failed"]


def test_timed_out_tree_is_gone(execution: Execution, tree: Tree) -> None:
    attempt = execution.run(tree.payload, timeout_seconds=2)
    assert (attempt.outcome, attempt.message) == ("failed", "timed out after 2 s")
    assert not tree.pids


@KEPT
def test_aborted_tree_is_gone(execution: Execution, tree: Tree) -> None:
    run = execution.drawn({"a": tree.payload})
    abort = once(lambda: tree.is_up, lambda: operations.abort(run.pk, by=who("anna")))
    execution.to_end(run, meanwhile=abort)
    assert states(run) == {"a": "canceled"}
    assert not tree.pids


def test_what_a_command_leaves_behind_ends_with_it(execution: Execution, tree: Tree) -> None:
    run = execution.drawn({"a": tree.payload})
    execution.to_end(run, meanwhile=once(lambda: tree.is_up, tree.let_leader_end))
    assert states(run) == {"a": "success"}
    assert not tree.pids


def test_killed_slot_takes_its_tree_along_and_nothing_else(
    execution: Execution, tree: Tree, tmp_path: Path
) -> None:
    script = "while [ ! -e go ]; do sleep 0.05; done"
    run = execution.drawn(
        {"a": tree.payload, "b": {"command": ["sh", "-c", script], "cwd": str(tmp_path)}}
    )

    def kill() -> None:
        slot_of(tree).kill()
        assert tree.is_gone_within(LEFT_WITHIN_S)
        tree.let_leader_end()

    attempts = execution.to_end(run, meanwhile=once(lambda: tree.is_up, kill))
    assert states(run) == {"a": "failed", "b": "success"}
    assert attempts["a"].message == "killed by SIGKILL"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_attempts_of_a_dead_or_hung_fork_server_end_and_say_so(
    execution: Execution, tree: Tree, number: signal.Signals
) -> None:
    run = execution.drawn(
        {"a": tree.payload, "b": {"command": ["sleep", "300"]}}, timeout_seconds=4
    )

    def signal_server() -> None:
        os.kill(slot_of(tree).ppid(), number)

    attempts = execution.to_end(run, meanwhile=once(lambda: tree.is_up, signal_server))
    assert states(run) == {"a": "failed", "b": "failed"}
    assert not tree.pids
    died = SERVER_DIED if number == signal.SIGKILL else "timed out after 4 s"
    assert {attempt.message for attempt in attempts.values()} == {died}
    after = execution.run({"python": "noop"})
    assert after.outcome == "success"


@KEPT
def test_function_that_starts_processes_takes_them_along(execution: Execution, tree: Tree) -> None:
    payload = {"python": "hostile.start", "kwargs": {"payload": tree.payload}}
    run = execution.drawn({"a": payload})
    cancel = once(lambda: tree.is_up, lambda: operations.cancel(task(run, "a").pk, by=who("anna")))
    execution.to_end(run, meanwhile=cancel)
    assert states(run) == {"a": "canceled"}
    assert not tree.pids

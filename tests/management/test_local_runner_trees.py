"""A stopped or killed `manage.py local_runner` leaves no process of any attempt."""

import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.management.conftest import MANAGE, Started, wait_for
from tests.support.database import environment
from tests.support.drawing import DrawRun
from tests.support.trees import Tree
from tests.support.verbs import attempt, dispatch_all, states
from workflows.execution.attempt_report import STOPPED
from workflows.models import WorkflowRun

pytestmark = pytest.mark.slow

LEFT_WITHIN_S = 6.0


def test_killed_executor_leaves_nothing(started: Started, runs: DrawRun, tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    run = _dispatched(runs, tree)
    runner = started("local_runner")
    wait_for(lambda: tree.is_up)
    runner.kill()
    assert tree.is_gone_within(LEFT_WITHIN_S)
    assert states(run) == {"a": "running"}  # until its lease runs out


def test_stop_leaves_nothing_and_says_so(started: Started, runs: DrawRun, tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    run = _dispatched(runs, tree)
    runner = started("local_runner", "--grace", "0")
    wait_for(lambda: tree.is_up)
    runner.send_signal(signal.SIGTERM)
    runner.wait(30)
    assert not tree.pids
    assert states(run) == {"a": "failed"}
    assert attempt(run, "a").message == STOPPED


def test_sigterm_to_all_processes_of_a_service_is_a_stop(started: Started, runs: DrawRun) -> None:
    run = runs("a, b", payload={"command": ["sleep", "300"]})
    dispatch_all(run)
    runner = started("local_runner", "--grace", "30")
    wait_for(lambda: len(_family(runner)) == len(["fork server", "slots", "", "sleeps", ""]))
    # Those below first: their executor learns of it last.
    for process in reversed(_family(runner)):
        process.send_signal(signal.SIGTERM)
    runner.send_signal(signal.SIGTERM)
    runner.wait(30)
    assert states(run) == {"a": "failed", "b": "failed"}
    assert {attempt(run, step).message for step in ("a", "b")} == {STOPPED}


def _family(runner: "subprocess.Popen[str]") -> list[psutil.Process]:
    return psutil.Process(runner.pid).children(recursive=True)


def _dispatched(runs: DrawRun, tree: Tree) -> WorkflowRun:
    run = runs("a", payload=tree.payload)
    dispatch_all(run)
    return run


def test_first_process_of_a_container_leaves_no_zombie(
    transactional_db: None, runs: DrawRun, tmp_path: Path
) -> None:
    container = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*container, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to make a PID namespace")
    tree = Tree(tmp_path)
    run = _dispatched(runs, tree)
    with subprocess.Popen([*container, *MANAGE, "local_runner"], env=environment()) as process:
        wait_for(lambda: tree.is_up)
        [runner] = psutil.Process(process.pid).children()
        tree.let_leader_end()
        wait_for(lambda: states(run) == {"a": "success"})
        family = [runner, *runner.children(recursive=True)]
        zombies = [each for each in family if each.status() == psutil.STATUS_ZOMBIE]
        assert (tree.pids, zombies) == ([], [])
        runner.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

"""`local_runner --run-as USER`: what authors have written is executed as that user."""

import os
import shutil
import tempfile
from pathlib import Path

import psutil
import pytest

from tests.execution.conftest import log_of
from tests.management.conftest import Started, manage, wait_for
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, states
from workflows.models import WorkflowRun

STUBBORN = "trap '' TERM; setsid sh -c \"trap '' TERM; sleep 300\" & id -un; sleep 300; sleep 300"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def stubborn_run(runs: DrawRun) -> WorkflowRun:
    run = runs("a", payload={"command": ["sh", "-c", STUBBORN], "cwd": "/"})
    dispatch_all(run)
    return run


def processes_below(pid: int) -> list[psutil.Process]:
    """Return the processes of the other user."""
    family = psutil.Process(pid).children(recursive=True)
    return [each for each in family if each.name() == "sleep" and each.username() == "nobody"]


@needs_root
def test_tree_of_another_user_ends_with_its_killed_executor(
    started: Started, runs: DrawRun
) -> None:
    stubborn_run(runs)
    runner = started("local_runner", "--run-as", "nobody")
    wait_for(lambda: len(processes_below(runner.pid)) == 2)
    sleepers = processes_below(runner.pid)

    runner.kill()

    wait_for(lambda: not any(each.is_running() for each in sleepers))


@needs_root
def test_tree_of_another_user_ends_when_its_task_is_canceled(
    started: Started, runs: DrawRun
) -> None:
    run = stubborn_run(runs)
    runner = started("local_runner", "--run-as", "nobody")
    wait_for(lambda: len(processes_below(runner.pid)) == 2)
    sleepers = processes_below(runner.pid)

    run.tasks.update(cancel_requested_at=run.created_at)

    wait_for(lambda: states(run) == {"a": "canceled"})
    assert not any(each.is_running() for each in sleepers)
    assert log_of(attempt(run, "a")) == "nobody\n"


@needs_root
def test_directory_that_the_user_may_not_enter_is_named(
    started: Started, runs: DrawRun, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    run = runs("a", payload={"command": ["true"], "cwd": str(tmp_path)})
    dispatch_all(run)
    started("local_runner", "--run-as", "nobody")

    wait_for(lambda: states(run) == {"a": "failed"})

    assert attempt(run, "a").message == (
        f"cannot start: the runner's user may not enter the directory '{tmp_path}'"
    )


@needs_root
def test_directory_of_a_run_is_made_and_removed_as_that_user(
    started: Started, runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = Path(tempfile.mkdtemp())  # pytest's own is closed to other users
    shutil.chown(directory, "nobody")
    directory.chmod(0o755)
    monkeypatch.setenv("RUNS_DIR", str(directory))
    script = "cd $ORCHESTRATOR_RUN_DIR && mkdir x && touch x/y && stat -c '%U %a' ."
    run = runs("a", payload={"command": ["sh", "-c", script], "cwd": "/"})
    dispatch_all(run)
    runner = started("local_runner", "--run-as", "nobody")
    wait_for(lambda: states(run) == {"a": "success"})

    runner.terminate()
    runner.wait()

    assert log_of(attempt(run, "a")) == "nobody 700\n"
    assert list(directory.iterdir()) == []
    directory.rmdir()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", [["local_runner"], ["run_workflow", "any"]])
def test_unknown_user_is_one_line(command: list[str]) -> None:
    ended = manage(*command, "--run-as", "no-such-user")

    assert ended.returncode == 1
    *_, line = ended.stderr.splitlines()
    assert line == "CommandError: --run-as no-such-user: there is no user 'no-such-user'"

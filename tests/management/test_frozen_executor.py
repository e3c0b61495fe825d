"""An executor that stands still loses its attempts, ends them, and overwrites nothing."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from runners.slots.fence import STOOD_STILL
from tests.management.conftest import wait_for
from tests.support.actors import who
from tests.support.database import environment
from tests.support.drawing import DrawRun
from tests.support.trail import check_trail
from tests.support.trees import Tree
from tests.support.verbs import attempt, dispatch_all, states, task, trail
from workflows.models import TaskAttempt, WorkflowRun
from workflows.operations.tasks import retry
from workflows.reports.recovery import recover_overdue

pytestmark = pytest.mark.slow

ENDED_WITHIN_S = 8.0
"""Two seconds of fence; the rest is a busy machine."""


@pytest.fixture
def runner(transactional_db: None) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a local runner with a short fence."""
    command = [sys.executable, "-m", "tests.support.short_fence", "local_runner"]
    with subprocess.Popen(command, env=environment()) as process:
        yield process
        process.kill()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Return a tree of processes."""
    return Tree(tmp_path)


@pytest.fixture
def run(runs: DrawRun, tree: Tree, runner: "subprocess.Popen[bytes]") -> WorkflowRun:
    """Let the runner execute the tree, and stop the runner."""
    run = runs("a", payload=tree.payload)
    dispatch_all(run)
    wait_for(lambda: tree.is_up and states(run) == {"a": "running"})
    runner.send_signal(signal.SIGSTOP)
    return run


def test_fork_server_ends_what_a_frozen_executor_runs(
    run: WorkflowRun, tree: Tree, runner: "subprocess.Popen[bytes]"
) -> None:
    assert tree.is_gone_within(ENDED_WITHIN_S)
    assert states(run) == {"a": "running"}  # nobody has judged it
    runner.send_signal(signal.SIGCONT)
    wait_for(lambda: states(run) == {"a": "failed"})
    assert attempt(run, "a").message == STOOD_STILL
    check_trail(run)


def test_frozen_executor_overwrites_nothing_after_a_retry(
    run: WorkflowRun, tree: Tree, runner: "subprocess.Popen[bytes]"
) -> None:
    past = timezone.now() - timedelta(seconds=1)
    TaskAttempt.objects.open().update(lease_expires_at=past)
    assert recover_overdue(by=who("rescue")) == {"lost": 1}
    assert tree.is_gone_within(ENDED_WITHIN_S)
    retry(task(run, "a").pk, by=who("ada"))
    tree.let_leader_end()
    dispatch_all(run)
    runner.send_signal(signal.SIGCONT)
    wait_for(lambda: states(run) == {"a": "success"})
    first, second = TaskAttempt.objects.order_by("number")
    assert (first.outcome, second.outcome) == ("failed", "success")
    assert trail(run).count("task.lost a") == 1
    assert trail(run).count("task.succeeded a") == 1
    check_trail(run)

"""However attempts end, no process of any of them is left six seconds later."""

import os
import random
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.utils import timezone

from tests.management.conftest import Started, started, wait_for  # noqa: F401 (a fixture)
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.trees import LEAST, Tree, zombies_below
from tests.support.verbs import dispatch_all, states, task
from workflows import operations
from workflows.models import TaskState, WorkflowRun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ROUNDS = int(os.environ.get("STORM_ROUNDS", "1"))
AT_ONCE = int(os.environ.get("STORM_AT_ONCE", "4"))
LEFT_WITHIN_S = 6.0
TIME_OUT_S = 8
STARTED_WITHIN_S = 2


def cancel(run: WorkflowRun, runner: psutil.Process) -> None:
    """Cancel each task."""
    for step_id in states(run):
        operations.cancel(task(run, step_id).pk, by=who("anna"))


def abort(run: WorkflowRun, runner: psutil.Process) -> None:
    """Abort the run."""
    operations.abort(run.pk, by=who("anna"))


def time_out(run: WorkflowRun, runner: psutil.Process) -> None:
    """Wait until the time of each is over, which begins with its process."""
    over_at = TIME_OUT_S + STARTED_WITHIN_S
    wait_for(lambda: all(s.seconds >= over_at for s in _ages(run)))


def stop_twice(run: WorkflowRun, runner: psutil.Process) -> None:
    """Stop the executor, and a moment later once more."""
    runner.send_signal(signal.SIGTERM)
    time.sleep(0.3)  # two signals at once would arrive as one
    runner.send_signal(signal.SIGTERM)


def kill_executor(run: WorkflowRun, runner: psutil.Process) -> None:
    """Kill the executor."""
    runner.kill()


def kill_slots(run: WorkflowRun, runner: psutil.Process) -> None:
    """Kill all slots, in any order."""
    [server] = runner.children()
    slots = server.children()
    random.shuffle(slots)
    for slot in slots:
        slot.kill()


def kill_server(run: WorkflowRun, runner: psutil.Process) -> None:
    """Kill the fork server."""
    [server] = runner.children()
    server.kill()


KINDS: list[tuple[Callable[[WorkflowRun, psutil.Process], None], set[str]]] = [
    (cancel, {TaskState.CANCELED}),
    (abort, {TaskState.CANCELED}),
    (time_out, {TaskState.FAILED}),
    (stop_twice, {TaskState.FAILED}),
    (kill_executor, {TaskState.RUNNING}),
    (kill_slots, {TaskState.FAILED}),
    (kill_server, {TaskState.FAILED}),
]


@pytest.mark.parametrize(("end", "ends"), KINDS, ids=[end.__name__ for end, _ in KINDS])
def test_nothing_is_left(
    started: Started,  # noqa: F811 (the fixture)
    runs: DrawRun,
    tmp_path: Path,
    end: Callable[[WorkflowRun, psutil.Process], None],
    ends: set[str],
) -> None:
    for number in range(ROUNDS):
        directory = tmp_path / str(number)
        directory.mkdir()
        tree = Tree(directory)
        run = _dispatched(runs, tree, seconds=TIME_OUT_S if end is time_out else 300)
        process = started("local_runner", "--concurrency", str(AT_ONCE))
        _end_all(run, tree, psutil.Process(process.pid), end)
        wait_for(_have_ended(run, ends))
        wait_for(lambda pid=process.pid: not zombies_below(pid))  # type: ignore[misc]
        process.kill()


def _dispatched(runs: DrawRun, tree: Tree, *, seconds: int) -> WorkflowRun:
    steps = ", ".join(f"s{n}" for n in range(AT_ONCE))
    run = runs(steps, payload=tree.payload, timeout_seconds=seconds)
    dispatch_all(run)
    return run


def _end_all(
    run: WorkflowRun,
    tree: Tree,
    runner: psutil.Process,
    end: Callable[[WorkflowRun, psutil.Process], None],
) -> None:
    wait_for(lambda: len(tree.pids) >= AT_ONCE * LEAST)
    end(run, runner)
    assert tree.is_gone_within(LEFT_WITHIN_S), tree.pids


def _have_ended(run: WorkflowRun, ends: set[str]) -> Callable[[], bool]:
    return lambda: set(states(run).values()) == ends


def _ages(run: WorkflowRun) -> list[timedelta]:
    now = timezone.now()
    return [now - each.started_at for each in run.tasks.all() if each.started_at]

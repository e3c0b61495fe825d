"""Half of the tasks are hostile, and processes are killed: the other half notices nothing."""

import os
import random
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.execution.conftest import log_of
from tests.management.conftest import Started, started  # noqa: F401 (a fixture)
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.hostile_functions import LEAVINGS
from tests.support.redefined import give_payloads
from tests.support.trees import Tree
from tests.support.verbs import dispatch_all
from workflows import operations
from workflows.models import Task, TaskAttempt, WorkflowRun
from workflows.reports.recovery import recover_overdue

SECONDS = int(os.environ.get("STORM_SECONDS", "12"))
SEED = os.environ.get("STORM_SEED", "1")
TASKS = 60
SETTLE_ROUNDS = 400
pytestmark = [pytest.mark.slow, pytest.mark.timeout(SECONDS + 180)]

HOSTILE_COMMANDS = [
    "kill -9 $PPID",
    "kill -STOP $PPID",
    "kill -9 0",
    "kill -35 $$",
    "yes STRAY | head -c 3000000",
    "(while :; do echo STRAY; sleep 0.2; done) & exit 0",
    "setsid -f sh -c 'sleep 3; echo STRAY'",
    "exec > >(sleep 1; cat; echo STRAY) 2>&1; echo begun; exit 3",
    "python -c 'import os; os.set_blocking(1, False)'",
    "trap '' TERM; sleep 300",
]


class Storm:
    """Runs, two executors, and somebody who kills."""

    def __init__(self, started: Started, runs: DrawRun, directory: Path) -> None:  # noqa: F811
        """Prepare; the directory keeps a mark of each innocent command that was started."""
        self._started = started
        self._runs = runs
        self._tree = Tree(directory)
        self._tree.let_leader_end()
        self._chance = random.Random(SEED)  # noqa: S311 (repeatable)
        self._executors = [self._executor(), self._executor()]
        self._marks = directory / "marks"

    def make_run(self) -> WorkflowRun:
        """Make a run, half of whose tasks are hostile."""
        steps = [f"innocent{n}" if n % 2 else f"hostile{n}" for n in range(TASKS)]
        self._chance.shuffle(steps)
        run = self._runs(", ".join(steps), auto_dispatch=True, timeout_seconds=5)
        give_payloads(
            run,
            {each: self._innocent(each) if each[0] == "i" else self._hostile() for each in steps},
        )
        dispatch_all(run)
        return run

    def blow(self) -> None:
        """Kill slots, fork servers and executors for a while."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            time.sleep(0.3)
            with suppress(psutil.NoSuchProcess, IndexError):
                self._chance.choice(
                    [self._kill_slot] * 4 + [self._kill_server, self._kill_executor]
                )()

    def settle(self, run: WorkflowRun) -> None:
        """Retry the innocent tasks that were killed until each has succeeded."""

        def are_done() -> bool:
            late = timezone.now() - timedelta(seconds=12)
            dead = TaskAttempt.objects.open().filter(started_at__lt=late)
            dead.update(lease_expires_at=late)  # nothing takes so long: their executor was killed
            recover_overdue(by=who("rescue"))
            for task in self._innocents(run).filter(state="failed"):
                operations.retry(task.pk, by=who("anna"))
            time.sleep(0.3)
            active = Task.objects.filter(run=run, state__in=["dispatched", "running"])
            failed = self._innocents(run).exclude(state="success")
            return not active.exists() and not failed.exists()

        for _ in range(SETTLE_ROUNDS):
            if are_done():
                return
        raise AssertionError("it does not settle")

    def started_marks(self) -> Counter[str]:
        """Return how often each innocent command was started, by attempt."""
        return Counter(self._marks.read_text().split())

    def is_gone(self) -> bool:
        """Return True once no process of any task is left."""
        return self._tree.is_gone_within(6)

    @staticmethod
    def _innocents(run: WorkflowRun) -> Any:
        return Task.objects.filter(run=run, step_id__startswith="innocent")

    def _innocent(self, step_id: str) -> dict[str, Any]:
        if self._chance.random() < 0.5:
            return {"python": "tests.say", "kwargs": {"text": step_id}}
        script = f"echo $ORCHESTRATOR_ATTEMPT_ID >> marks; sleep 0.1; echo {step_id}"
        return {**self._tree.payload, "command": ["bash", "-c", script]}

    def _hostile(self) -> dict[str, Any]:
        script = self._chance.choice(HOSTILE_COMMANDS)
        return self._chance.choice(
            [
                self._tree.payload,
                {**self._tree.payload, "command": ["bash", "-c", script]},
                {"python": "hostile.leave", "kwargs": {"what": self._chance.choice([*LEAVINGS])}},
            ]
        )

    def _executor(self) -> psutil.Process:
        return psutil.Process(self._started("local_runner", "--concurrency", "4").pid)

    def _kill_slot(self) -> None:
        self._chance.choice(self._server().children()).kill()

    def _kill_server(self) -> None:
        self._server().kill()

    def _kill_executor(self) -> None:
        self._executors.pop(0).kill()
        self._executors.append(self._executor())

    def _server(self) -> psutil.Process:
        return self._chance.choice(self._executors).children()[0]


def test_innocent_tasks_notice_nothing_of_hostile_ones(
    started: Started,  # noqa: F811 (the fixture)
    runs: DrawRun,
    tmp_path: Path,
) -> None:
    storm = Storm(started, runs, tmp_path)
    run = storm.make_run()
    storm.blow()
    storm.settle(run)
    attempts = TaskAttempt.objects.filter(task__run=run, task__step_id__startswith="innocent")
    for attempt in attempts.filter(outcome="success").select_related("task"):
        assert log_of(attempt) == f"{attempt.task}\n"
    for attempt in attempts:
        assert "STRAY" not in log_of(attempt)
    assert [key for key, n in storm.started_marks().items() if n > 1] == []
    assert storm.is_gone()
    call_command("verify_run", "--all")

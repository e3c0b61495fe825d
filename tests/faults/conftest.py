"""Runs on this machine and a host, and processes that are killed while they work on them."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from runners.models import Runner
from tests.execution.conftest import log_of
from tests.factories import RunFactory
from tests.faults.victims import KILLED
from tests.support.actors import who
from tests.support.database import environment
from tests.support.drawing import steps_of
from tests.support.host_runner import HostRunner, Reply, serving
from tests.support.trail import check_trail
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.execution.executor import Executor
from workflows.models import RunState, TaskAttempt, WorkflowRun, WorkflowTemplate
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.operations.tasks import retry
from workflows.reports import recovery
from workflows.reports.recovery import recover_overdue

ROOT = Path(__file__).parents[2]
BY = who("survivor")
SAID = "said\n"
AT_ONCE = 5
MOST_TURNS = 30


class Victims:
    """Forks processes that do one thing each, on the test's own database."""

    def __init__(self) -> None:
        """Start the program that they are forked from."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.victims"],
            cwd=ROOT,
            env=environment(DJANGO_SETTINGS_MODULE="tests.settings"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def carry_out(self, *orders: dict[str, Any]) -> list[int]:
        """Carry out each order in a process of its own, all at once."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(orders), file=self._process.stdin, flush=True)
        codes: list[int] = json.loads(self._process.stdout.readline())
        return codes

    def close(self) -> None:
        """End the program."""
        self._process.communicate(timeout=30)


@pytest.fixture(scope="session")
def victims(django_db_setup: None) -> Iterator[Victims]:
    """Return the program that forks processes which are killed at failpoints."""
    made = Victims()
    yield made
    made.close()


@dataclass
class Host(HostRunner):
    """A host-runner whose tasks end at once, and which sends no callbacks."""

    started: Counter[str] = field(default_factory=Counter)
    """How often it started the attempt with this key."""

    def __post_init__(self) -> None:
        """Answer submissions as follows."""
        self.on_submit = self.take

    def take(self, body: dict[str, Any]) -> Reply:
        """Start a task, unless its key is known."""
        key = body["idempotency_key"]
        known = self.tasks.get(body["task_id"], {})
        if known.get("key") != key:
            self.started[key] += 1
            self.says(body["task_id"], "success", key=key, stdout=SAID)
        return 202, {"status": "queued"}


@dataclass
class World:
    """What survives a kill: the database, the host, and a file with a line per command run."""

    host: Host
    marks: Path
    victims: Victims

    def template(self, drawing: str, *, on_host: str) -> WorkflowTemplate:
        """Store a template: the steps named go to the other host, the rest are commands."""
        mark = ["sh", "-c", 'echo $ORCHESTRATOR_ATTEMPT_ID >> "$0"', str(self.marks)]
        steps = [
            {**step, "runner": "gpu-1"}
            if step["step_id"] in on_host
            else {**step, "runner": "local", "payload": {"command": mark}}
            for step in steps_of(drawing)
        ]
        return create_template(parse_template({"name": "world", "steps": steps}))

    def kill(self, act: str, point: str, on: Sequence[Model], nths: int = 1) -> None:
        """Act on each in a process that is killed at a failpoint, the nth time it gets there."""
        orders = [
            {"act": act, "on": row.pk, "point": point, "nth": 1 + i % nths}
            for i, row in enumerate(on)
        ]
        codes: list[int] = []
        for start in range(0, len(orders), AT_ONCE):
            codes += self.victims.carry_out(*orders[start : start + AT_ONCE])
        assert codes == [KILLED] * len(on), f"{point} was not reached by everyone"
        for run in WorkflowRun.objects.all():
            check_trail(run)

    def finish(self, runs: list[WorkflowRun]) -> None:
        """Operate the runs to their end, then check that nothing was lost or done twice."""
        for _ in range(MOST_TURNS):
            self.rescue()
            under_way = [run for run in runs if _retry_and_dispatch(run)]
            if not under_way:
                break
            _execute()
        assert not under_way, "the runs did not come to their end"
        self.check(runs)

    def rescue(self) -> None:
        """Recover what killed processes left, with all leases expired."""
        expire_all_leases()
        while recover_overdue(by=BY):
            pass

    def check(self, runs: list[WorkflowRun]) -> None:
        """Fail if a command ran twice, did not run, or the trail does not explain the rows."""
        for run in runs:
            check_trail(run)
        done = Counter(self.marks.read_text().split()) if self.marks.exists() else Counter()
        done += self.host.started
        assert set(done.values()) <= {1}, "an attempt was started twice"
        made = {str(attempt.pk): attempt for attempt in TaskAttempt.objects.all()}
        assert done.keys() <= made.keys()
        for key, attempt in made.items():
            if attempt.outcome == "success":
                assert done[key] == 1, f"{attempt} is no success"
                assert attempt.runner_kind == "local" or log_of(attempt) == SAID
            if attempt.outcome == "refused":
                assert not done[key], f"{attempt} was not refused"


def expire_all_leases() -> None:
    """Move all leases into the past."""
    past = timezone.now() - timedelta(seconds=1)
    TaskAttempt.objects.open().exclude(lease_expires_at=None).update(lease_expires_at=past)


def _retry_and_dispatch(run: WorkflowRun) -> bool:
    """Retry failed tasks and dispatch ready ones; return True if the run has not ended."""
    run.refresh_from_db()
    if run.state in {RunState.SUCCESS, RunState.ABORTED}:
        return TaskAttempt.objects.open().filter(task__run=run).exists()
    for broken in run.tasks.filter(state__in=["failed", "canceled"]):
        retry(broken.pk, by=BY)
    dispatch_ready(run.pk, limit=None, by=BY)
    return True


def _execute() -> None:
    waiting = TaskAttempt.objects.open().filter(runner_kind="local")
    Executor(concurrency=4, by=BY).serve(lambda: waiting.exists())


@pytest.fixture
def world(
    transactional_db: None, victims: Victims, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Return a world with a local runner and another host, `gpu-1`."""
    monkeypatch.setattr(recovery, "GRACE_S", 0)  # nobody renews what is left behind
    with serving(Host()) as host:
        Runner.objects.create(name="gpu-1", kind="http", url=host.url)
        yield World(host, tmp_path / "marks", victims)


@pytest.fixture
def times() -> int:
    """Return how often a process is killed at each point, each time on another run."""
    default = 2 if connection.vendor == "postgresql" else 1
    return int(os.environ.get("KILLS_AT_EACH_POINT", default))


def make_runs(
    template: WorkflowTemplate, n: int, *, auto_dispatch: bool = True
) -> list[WorkflowRun]:
    """Create runs, with auto-dispatch unless said otherwise."""
    return RunFactory.create_batch(n, template=template, auto_dispatch=auto_dispatch)

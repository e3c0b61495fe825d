"""Fixtures of the tests with a real Redis and real workers, on the test's own database."""

import json
import signal
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from runners.models import Runner
from tests.management.conftest import wait_for
from tests.support.database import environment
from tests.support.redis import broker
from tests.support.verbs import dispatch_all, state
from workflows.models import WorkflowRun

ROOT = Path(__file__).parents[3]
WORKER = [sys.executable, "-m", "celery", "-A", "orchestrator", "worker", "-l", "warning"]
QUIET = ["--without-mingle", "--without-gossip", "--without-heartbeat"]

UseBroker = Callable[[str], None]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Return the address of a real Redis; skip, visibly, where there is none."""
    with broker() as url:
        if url is None:
            pytest.skip("needs Redis: set REDIS_URL, or install redis-server")
        yield url


@pytest.fixture
def use_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[UseBroker]:
    """Let this process send its messages to another broker than the one it was started with."""
    from orchestrator.celery import app

    def use(url: str) -> None:
        monkeypatch.setenv("CELERY_BROKER_URL", url)
        app._after_fork()  # forget the connections

    yield use
    app._after_fork()


@pytest.fixture
def pool(transactional_db: None, redis_url: str, use_broker: UseBroker) -> Runner:
    """Return the default runner, of kind celery, with a queue that no other test knows."""
    use_broker(redis_url)
    return Runner.objects.create(
        name="celery-pool", kind="celery", queue=str(uuid4()), is_default=True
    )


class Worker:
    """A worker: `celery -A orchestrator worker -Q …`, in a process of its own."""

    def __init__(self, queue: str, url: str, *options: str) -> None:
        """Start it; it is ready some seconds later."""
        self.name = f"{uuid4()}@test"
        self.process = subprocess.Popen(
            [*WORKER, *QUIET, "-Q", queue, "-n", self.name, *options],
            cwd=ROOT,
            env=environment(CELERY_BROKER_URL=url, DJANGO_SETTINGS_MODULE="tests.settings"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the worker alone, not to what it executes."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return self.process.wait(30)

    def close(self) -> None:
        """Kill it, if it is still there."""
        self.process.kill()
        self.process.communicate()


StartWorker = Callable[..., Worker]


@pytest.fixture
def start_worker(pool: Runner, redis_url: str) -> Iterator[StartWorker]:
    """Start workers on the runner's queue; kill at the end those that are left."""
    workers: list[Worker] = []

    def start(*options: str) -> Worker:
        workers.append(Worker(pool.queue, redis_url, *options))
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()


def messages(runner: Runner) -> list[dict[str, Any]]:
    """Return what waits in the queue of a runner, oldest first, with its body."""
    from orchestrator.celery import app

    with app.connection_for_read() as connection:
        waiting = connection.default_channel.client.lrange(runner.queue, 0, -1)
    found = [json.loads(message) for message in reversed(waiting)]
    return [{**message, "body": json.loads(b64decode(message["body"]))[:2]} for message in found]


def to_end(run: WorkflowRun) -> str:
    """Dispatch, wait until the workers have ended the run, and return its state."""
    dispatch_all(run)
    wait_for(lambda: state(run) in {"success", "failed", "aborted"})
    return state(run)

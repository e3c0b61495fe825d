"""An installation whose processes may be killed at any moment."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
import redis
from django.utils import timezone

from runners.models import Runner
from tests.chaos.actors import Stage, cast
from tests.chaos.host import FlakyHost
from tests.chaos.storm import Storm
from tests.support.actors import who
from tests.support.database import environment
from tests.support.host_runner import serving
from tests.support.redis import broker, free_port
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import TaskAttempt, WorkflowRun, WorkflowTemplate
from workflows.runs.creation import create_run

QUEUE = "chaos"
LAYERS = 5
WIDTH = 4
AT_ONCE = 5
KINDS = 3
SETTLE_WITHIN_S = 240

# Writes that it was started before anything else can happen. One in sixteen fails.
MARK = 'echo $ORCHESTRATOR_ATTEMPT_ID >> "$0"; sleep 0.2; ! expr $ORCHESTRATOR_ATTEMPT_ID : 0'


@dataclass
class World:
    """The processes and the runs that they work on."""

    storm: Storm
    host: FlakyHost
    marks: Path
    template: WorkflowTemplate
    mark_of_processes: str

    def begin(self) -> None:
        """Wait until every process runs and works."""
        done = TaskAttempt.objects.filter(outcome="success").order_by()
        kinds = done.values("runner_kind").distinct()
        give_up_at = time.monotonic() + SETTLE_WITHIN_S
        while kinds.count() < KINDS:
            assert time.monotonic() < give_up_at, "nothing is done, although nothing is wrong"
            self.create_runs()
            for actor in self.storm.actors:
                actor.keep_alive()
            time.sleep(0.5)

    def create_runs(self) -> None:
        """Create runs until there is enough to do."""
        under_way = WorkflowRun.objects.exclude(state__in=["success", "aborted"]).count()
        for _ in range(AT_ONCE - under_way):
            is_auto = self.storm.chance.random() < 0.5
            create_run(template_id=self.template.pk, auto_dispatch=is_auto, by=who("chaos"))

    def settle(self) -> float:
        """Kill all, let new processes finish all runs undisturbed, and return the seconds taken."""
        begun = time.monotonic()
        for actor in self.storm.actors:
            actor.end()
        self.host.is_calm = True
        self.storm.leap()
        for actor in self.storm.actors:
            if actor.part == "operator":
                actor.arguments[-1] = "calm"
        while WorkflowRun.objects.exclude(state="success").exists():
            assert time.monotonic() < begun + SETTLE_WITHIN_S, "the runs did not come to their end"
            for actor in self.storm.actors:
                actor.keep_alive()
            self._expire_waiting_leases()
            time.sleep(1)
        return time.monotonic() - begun

    def _expire_waiting_leases(self) -> None:
        """Make unstarted attempts be submitted again, and the host be polled, without delay."""
        silent = TaskAttempt.objects.open().exclude(lease_expires_at=None)
        past = timezone.now()
        silent.filter(started_at=None).update(lease_expires_at=past)
        silent.filter(runner_kind="http").update(lease_expires_at=past)

    def started(self) -> Counter[str]:
        """Return how often each attempt was started."""
        marks = self.marks.read_text().split() if self.marks.exists() else []
        return Counter(marks) + self.host.started

    def processes_left(self) -> list[str]:
        """Return the processes of this installation that still exist."""
        return [
            " ".join(process.info["cmdline"] or [])
            for process in psutil.process_iter(["cmdline", "environ"])
            if (process.info["environ"] or {}).get("CHAOS") == self.mark_of_processes
            and process.pid != self.storm.actors[0].stage.pid
        ]


def _template(marks: Path, chance: random.Random) -> WorkflowTemplate:
    names = [[f"s{layer}{n}" for n in range(WIDTH)] for layer in range(LAYERS)]
    payloads = [{"command": ["sh", "-c", MARK, str(marks)]}, {"python": "noop"}]
    steps = [
        {
            "step_id": name,
            "title": name,
            "depends_on": sorted(chance.sample(names[layer - 1], 2)) if layer else [],
            "runner": (runner := chance.choice(["local", "fleet", "host"])),
            "payload": {"prompt": "work"} if runner == "host" else payloads[n == 0],
        }
        for layer, row in enumerate(names)
        for n, name in enumerate(row)
    ]
    return create_template(parse_template({"name": "chaos", "steps": steps}))


@pytest.fixture
def redis_url() -> Iterator[str]:
    """Return the address of a real Redis; skip, visibly, where there is none."""
    with broker() as url:
        if url is None:
            pytest.skip("needs Redis: set REDIS_URL, or install redis-server")
        yield url


@pytest.fixture
def world(transactional_db: None, redis_url: str, tmp_path: Path) -> Iterator[World]:
    """Return an installation with its processes and a template."""
    chance = random.Random(os.environ.get("CHAOS_SEED", "1"))  # noqa: S311 (to be repeated)
    address = f"127.0.0.1:{free_port()}"
    mark = str(uuid4())
    settings = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "CELERY_BROKER_URL": redis_url,
        "PUBLIC_BASE_URL": f"http://{address}",
        "CHAOS": mark,
    }
    stage = Stage(environment(**settings), tmp_path)
    actors = cast(stage, QUEUE, address)
    with serving(FlakyHost(chance=chance)) as host:
        Runner.objects.create(name="host", kind="http", url=host.url, capacity=4)
        Runner.objects.create(name="fleet", kind="celery", queue=QUEUE)
        marks = tmp_path / "marks"
        storm = Storm(actors, redis.from_url(redis_url), QUEUE, chance)
        yield World(storm, host, marks, _template(marks, chance), mark)
        for actor in actors:
            actor.end()
        stage.close()

"""Kills and faults from outside, once a second."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from orchestrator.celery import app
from runners.celery import TASK
from tests.chaos.actors import Actor
from workflows.models import TaskAttempt

EVERY_S = 1.0

CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
     ORDER BY random() LIMIT 3
"""


@dataclass
class Storm:
    """Causes faults, and counts them by kind."""

    actors: Sequence[Actor]
    broker: Any
    """A client of Redis."""
    queue: str
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def blow(self, seconds: float, meanwhile: Callable[[], object]) -> None:
        """Kill a process each second, and cause one other fault."""
        until = time.monotonic() + seconds
        while (begun := time.monotonic()) < until:
            for actor in self.actors:
                actor.keep_alive()
            self._kill()
            # Leases expire rarely: all attempts in progress then count as lost.
            often = [self._cut, self._fill, self._repeat, self._unplug]
            mischief = self.chance.choice([*often, *often, *often, self.leap])
            mischief()
            meanwhile()
            time.sleep(max(0, begun + EVERY_S - time.monotonic()))

    def _kill(self) -> None:
        """Kill a working process."""
        if at_work := [actor for actor in self.actors if actor.is_at_work]:
            self.chance.choice(at_work).kill(self.chance)
            self.done["killed"] += 1

    def _cut(self) -> None:
        """Break connections to the database."""
        with connection.cursor() as cursor:
            cursor.execute(CUT)
            self.done["connections cut"] += len(cursor.fetchall())

    def _unplug(self) -> None:
        """Break the connections to the broker."""
        self.done["broker unplugged"] += 1
        self.broker.client_kill_filter(_type="normal", skipme=True)

    def _fill(self) -> None:
        """Put meaningless messages into the queue."""
        self._send("no.such.task", ["junk"])
        self._send(TASK, [str(uuid4())])
        self._send(TASK, ["no id of anything"])
        self._send(TASK, [])
        self.broker.rpush(self.queue, b"junk")
        self.done["junk messages"] += 5

    def _repeat(self) -> None:
        """Put attempts into the queue again, in whatever state they are."""
        known = list(TaskAttempt.objects.order_by("-dispatched_at").values_list("pk", flat=True))
        for pk in self.chance.choices(known[:200], k=20) if known else []:
            self._send(TASK, [str(pk)])
            self.done["repeated messages"] += 1

    def _send(self, task: str, arguments: list[str]) -> None:
        with app.connection_for_write(self.url) as broker:
            app.send_task(task, arguments, queue=self.queue, connection=broker)

    @property
    def url(self) -> str:
        """The address of the broker."""
        where = self.broker.connection_pool.connection_kwargs
        return f"redis://{where['host']}:{where['port']}/{where['db']}"

    def leap(self) -> None:
        """Move all leases into the past."""
        self.done["leaps of time"] += 1
        past = timezone.now() - timedelta(seconds=1)
        TaskAttempt.objects.open().exclude(lease_expires_at=None).update(lease_expires_at=past)

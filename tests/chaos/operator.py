"""An operator's process: dispatches, recovers, and now and then pauses, cancels or retries."""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

from django.db import InterfaceError, OperationalError, connection

from tests.support.actors import who
from workflows import operations
from workflows.dispatch.auto_dispatch import offer_free_places
from workflows.errors import WorkflowError
from workflows.models import RunState, Task, TaskState, WorkflowRun
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.operations.tasks import retry_downstream
from workflows.reports.recovery import recover_overdue

BETWEEN_S = 0.1

Act = Callable[[], Any]


class Operator:
    """Calls one operation after the other, and ignores refusals."""

    def __init__(self, chance: random.Random, *, is_calm: bool) -> None:
        """Prepare."""
        self._chance = chance
        self._is_calm = is_calm
        self._by = who(f"operator {os.getpid()}")

    def work(self) -> NoReturn:
        """Work until killed."""
        while True:
            try:
                for act in self._acts():
                    with suppress(WorkflowError):
                        act()
            except (OperationalError, InterfaceError):
                connection.close()
            time.sleep(BETWEEN_S)

    def _acts(self) -> Iterator[Act]:
        runs = list(WorkflowRun.objects.exclude(state__in=[RunState.SUCCESS, RunState.ABORTED]))
        self._chance.shuffle(runs)
        yield lambda: recover_overdue(by=self._by)
        yield lambda: offer_free_places(by=self._by)
        for run in runs:
            yield from self._advance(run)
            if not self._is_calm and self._chance.random() < 0.2:
                yield from self._disturb(run)

    def _advance(self, run: WorkflowRun) -> Iterator[Act]:
        for task in run.tasks.filter(state__in=[TaskState.FAILED, TaskState.CANCELED]):
            yield partial(operations.retry, task.pk, by=self._by)
        if self._is_calm:
            yield lambda: operations.resume(run.pk, by=self._by)
            for task in run.tasks.filter(is_held=True):
                yield partial(operations.release, task.pk, by=self._by)
        yield lambda: dispatch_ready(run.pk, limit=self._chance.choice([1, 3, None]), by=self._by)

    def _disturb(self, run: WorkflowRun) -> Iterator[Act]:
        task = self._chance.choice(list(run.tasks.all()))
        acts: list[Act] = [
            lambda: operations.pause(run.pk, by=self._by),
            lambda: operations.resume(run.pk, by=self._by),
            lambda: operations.resume(run.pk, by=self._by),
            lambda: operations.cancel(task.pk, by=self._by),
            lambda: operations.hold(task.pk, by=self._by),
            lambda: [operations.release(held.pk, by=self._by) for held in _held(run)],
            lambda: retry_downstream(task.pk, by=self._by),
        ]
        yield self._chance.choice(acts)


def _held(run: WorkflowRun) -> list[Task]:
    return list(run.tasks.filter(is_held=True))


def operate(seed: str, *, is_calm: bool) -> NoReturn:
    """
    Work until killed.

    :param is_calm: do only what brings runs to their end.
    """
    Operator(random.Random(f"{seed} {os.getpid()}"), is_calm=is_calm).work()  # noqa: S311

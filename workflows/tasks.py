"""The Celery task that workers execute attempts with."""

import threading
from functools import cached_property
from uuid import UUID

from celery import Task, shared_task

from runners.celery import TASK
from runners.slots.pool import SlotPool
from workflows.execution.executor import execute
from workflows.models.actor import Actor


class ThreadPools(threading.local):
    """The slots that each thread of a worker keeps for the next attempt."""

    @cached_property
    def slots(self) -> SlotPool:
        """The pool of the present thread."""
        return SlotPool()


class AttemptTask(Task):  # type: ignore[misc]
    """A task of which each worker process has one instance, which keeps the slots."""

    def __init__(self) -> None:
        """Begin without a slot."""
        self.of_thread = ThreadPools()


@shared_task(name=TASK, bind=True, base=AttemptTask)
def execute_attempt(self: AttemptTask, attempt_id: str) -> None:
    """Execute one attempt to its end; do nothing if it is claimed or has ended."""
    by = Actor(name=f"worker {self.request.hostname}")
    execute(UUID(attempt_id), by=by, slots=self.of_thread.slots)

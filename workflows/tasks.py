"""The Celery task that workers execute attempts with."""

import threading
from functools import cached_property
from uuid import UUID

from celery import Task, shared_task

from runners.base import LONGEST_TIMEOUT_S
from runners.celery import TASK
from runners.slots.pool import SlotPool
from workflows.execution.executor import execute
from workflows.models.actor import Actor

WITHIN_S = LONGEST_TIMEOUT_S + 3600
"""Celery's own limit of an attempt: never before its time-out, which the executor keeps."""


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


# As our own app is configured, also where the project's is not: a message that is lost with its
# worker comes again, and an attempt that was claimed is not executed twice. The limits of time
# stand here since those of the project, mostly minutes, would end its worker's child with it.
@shared_task(
    name=TASK,
    bind=True,
    base=AttemptTask,
    acks_late=True,
    reject_on_worker_lost=True,
    ignore_result=True,
    soft_time_limit=WITHIN_S,
    time_limit=WITHIN_S + 60,
)
def execute_attempt(self: AttemptTask, attempt_id: str) -> None:
    """Execute one attempt to its end; do nothing if it is claimed or has ended."""
    by = Actor(name=f"worker {self.request.hostname}")
    execute(UUID(attempt_id), by=by, slots=self.of_thread.slots)

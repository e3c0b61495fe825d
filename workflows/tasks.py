"""The Celery task that workers execute attempts with."""

from typing import Any
from uuid import UUID

from celery import Task, shared_task
from celery.signals import worker_shutdown

from runners.celery import TASK
from workflows.execution.executor import close_spare_slots, execute
from workflows.models.actor import Actor


@shared_task(name=TASK, bind=True)
def execute_attempt(self: Task, attempt_id: str) -> None:
    """Execute one attempt to its end; do nothing if it is claimed or has ended."""
    execute(UUID(attempt_id), by=Actor(name=f"worker {self.request.hostname}"))


@worker_shutdown.connect
def leave_no_process(**_: Any) -> None:
    """Close the slots that would keep this process alive; those of pool processes end with them."""
    close_spare_slots()

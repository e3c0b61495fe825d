"""The door of Celery's workers."""

from uuid import UUID

from celery import Task, shared_task

from runners.celery import TASK
from workflows.execution import execute


@shared_task(name=TASK, bind=True)
def execute_attempt(self: Task, attempt_id: str) -> None:
    """Execute one attempt to its end; nothing, if it is claimed or over."""
    execute(UUID(attempt_id), by=f"worker {self.request.hostname}")

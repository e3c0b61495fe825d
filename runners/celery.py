"""Runners of kind `celery`: workers on any machines that have the code and the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, ClassVar

from django.conf import settings
from django.utils.module_loading import import_string

from runners.base import (
    ExecutedBackend,
    RunnerAddress,
    RunnerField,
    RunnerUnavailable,
    Submission,
)

TASK = "workflows.execute"
"""The Celery task that executes one attempt (see workflows/tasks.py)."""
DEFAULT_QUEUE = "celery"
NOT_INSTALLED = "Celery is not installed here: pip install -r requirements-celery.txt"


class CeleryBackend(ExecutedBackend):
    """Sends the id of an attempt to a queue; the worker that claims the attempt executes it."""

    summary = "workers on any machines, through their queue"
    fields: ClassVar = {"queue": RunnerField(f"the queue of its workers; empty: '{DEFAULT_QUEUE}'")}
    silence_hint = "Does a worker listen to its queue?"

    def unavailable(self) -> str:
        """Return that Celery is missing, without importing it."""
        return "" if find_spec("celery") else NOT_INSTALLED

    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """
        Send a message. A second one for the same attempt finds it claimed and does nothing.

        :raises RunnerUnavailable: if the broker does not accept it.
        """
        if why := self.unavailable():
            raise RunnerUnavailable(why)
        attempt_id = wire["idempotency_key"]
        queue = to.queue or DEFAULT_QUEUE
        with _broker_errors_explained():
            app = import_string(settings.CELERY_APP)
            app.send_task(TASK, [attempt_id], task_id=attempt_id, queue=queue, retry=False)
        return Submission(
            submitted=True,
            runner=to.name,
            runner_url=None,
            runner_task_status="queued",
            message=f"waits in queue {queue} for a worker",
        )


@contextmanager
def _broker_errors_explained() -> Iterator[None]:
    from kombu.exceptions import OperationalError

    try:
        yield
    except OperationalError as exc:
        raise RunnerUnavailable(f"the broker cannot be reached ({exc})") from exc

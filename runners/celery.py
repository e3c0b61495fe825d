"""Runners of kind `celery`: workers on any machines that have the code and the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from runners.base import ExecutedBackend, RunnerAddress, RunnerUnavailable, Submission

TASK = "workflows.execute"
"""The Celery task that executes one attempt (see workflows/tasks.py)."""
DEFAULT_QUEUE = "celery"
NOT_INSTALLED = "Celery is not installed here: pip install -r requirements-celery.txt"


def is_installed() -> bool:
    """Say whether runners of this kind can be used here; without loading anything."""
    return find_spec("celery") is not None


class CeleryBackend(ExecutedBackend):
    """Sends the id of an attempt to a queue; the worker that claims the attempt executes it."""

    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """
        Send a message; a second one for the same attempt finds it claimed and does nothing.

        :raises RunnerUnavailable: if the broker does not take it.
        """
        attempt_id = wire["idempotency_key"]
        queue = to.queue or DEFAULT_QUEUE
        with _explained():
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
def _explained() -> Iterator[None]:
    if not is_installed():
        raise RunnerUnavailable(NOT_INSTALLED)
    from kombu.exceptions import OperationalError

    try:
        yield
    except OperationalError as exc:
        raise RunnerUnavailable(f"the broker cannot be reached ({exc})") from exc

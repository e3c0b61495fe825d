"""Runners of kind `celery`: workers on any machines that have the code and the database."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, ClassVar

from django.utils.module_loading import import_string

from runners.base import (
    ExecutedBackend,
    RunnerAddress,
    RunnerField,
    RunnerUnavailable,
    Submission,
)
from runners.conf import setting

TASK = "workflows.execute"
"""The Celery task that executes one attempt (see workflows/tasks.py)."""
DEFAULT_QUEUE = "celery"
_at_start: dict[str, Any] = {}
NOT_INSTALLED = (
    "Celery is not installed here: pip install 'django-orchestrator[celery]', "
    "in the checkout -r requirements-celery.txt"
)


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
            _app().send_task(TASK, [attempt_id], task_id=attempt_id, queue=queue, retry=False)
        return Submission(
            submitted=True,
            runner=to.name,
            runner_url=None,
            runner_task_status="queued",
            message=f"waits in queue {queue} for a worker",
        )


def remember_current_app() -> None:
    """
    Note the Celery app that the project has made by now, as its documentation has it do at start.

    Celery has a current app for each thread: other threads than that of the start have none.
    """
    if "celery" in sys.modules:
        from celery import current_app

        _at_start["app"] = current_app._get_current_object()


def _app() -> Any:
    """Return the app that CELERY_APP names; without it, the project's current one."""
    if path := setting("CELERY_APP"):
        return import_string(path)
    from celery import current_app

    return _at_start.get("app", current_app)


@contextmanager
def _broker_errors_explained() -> Iterator[None]:
    from kombu.exceptions import OperationalError

    try:
        yield
    except OperationalError as exc:
        raise RunnerUnavailable(f"the broker cannot be reached ({exc})") from exc
    # The app, its settings and the broker's client are the project's: whatever is wrong with them,
    # such as a client that is not installed, is mended there, and no reason to doubt the run.
    except Exception as exc:
        # Others may quote the address of the broker, with its password.
        says = f": {exc}" if isinstance(exc, (ImportError, LookupError)) else ""
        what = type(exc).__name__ + says
        raise RunnerUnavailable(f"the project's Celery app cannot send ({what})") from exc

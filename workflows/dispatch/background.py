"""Submits attempts in a thread, so that whoever starts a run does not wait for slow hosts."""

import logging
from collections.abc import Sequence
from threading import BoundedSemaphore, Thread

from django.db import connections

from workflows.dispatch.runner_pool import RunnerPool
from workflows.dispatch.submission import submit
from workflows.models import TaskAttempt
from workflows.models.actor import Actor

MOST_THREADS = 4
"""How many submissions of this process may go on in threads; nothing waits in a queue."""

logger = logging.getLogger(__name__)
_free = BoundedSemaphore(MOST_THREADS)


def submit_in_background(attempts: Sequence[TaskAttempt], pool: RunnerPool, *, by: Actor) -> None:
    """
    Submit committed attempts, as `submit` does, and return before that is done.

    If the process dies meanwhile, the attempts are recovered as those of any process that died
    between a commit and its submissions. If all threads are busy, the caller waits: attempts that
    waited in a queue could expire there.
    """
    if not _free.acquire(blocking=False):
        submit(attempts, pool, by=by)
        return
    try:
        Thread(target=_submit, args=[attempts, pool, by], name="submission").start()
    except RuntimeError:  # the process may have no more threads
        _free.release()
        submit(attempts, pool, by=by)


def _submit(attempts: Sequence[TaskAttempt], pool: RunnerPool, by: Actor) -> None:
    try:
        submit(attempts, pool, by=by)
    except Exception:
        logger.exception("Attempts were not submitted; recovery looks after them.")
    finally:
        connections.close_all()
        _free.release()

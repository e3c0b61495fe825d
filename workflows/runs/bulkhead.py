"""Loops over runs that go on, whatever one of the runs raises."""

import logging
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

from workflows.db.refusals import is_passing, is_refusal
from workflows.db.time_limits import limited

Result = TypeVar("Result")

LOCK_S = 3.0
"""How long a loop waits for one run; the next round tries it again."""

logger = logging.getLogger(__name__)


def run_alone(run_id: int | None, doing: str, work: Callable[[], Result]) -> Result | None:
    """
    Do work for one run of many; if it raises, log that with the run's number and return None.

    Each run needs a transaction of its own, inside `work`. A run that somebody else keeps locked is
    left out, too. A database that refuses is not the trouble of one run: that is raised.
    """
    try:
        with limited(lock_s=LOCK_S):
            return work()
    except Exception as exc:
        if is_refusal(exc) and is_passing(exc):
            logger.warning("Workflow run %s is set aside: %s", run_id, exc)
            return None
        if is_refusal(exc) or not connection.is_usable():
            raise
        logger.exception("Workflow run %s is set aside: %s failed.", run_id, doing)
        return None

"""Loops over runs that go on, whatever one of the runs raises."""

import logging
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


def run_alone(run_id: int | None, doing: str, work: Callable[[], Result]) -> Result | None:
    """
    Do work for one run of many; if it raises, log that with the run's number and return None.

    Each run needs a transaction of its own, inside `work`. A database that no longer answers is
    not the trouble of one run: that is raised.
    """
    try:
        return work()
    except Exception:
        if not connection.is_usable():
            raise
        logger.exception("Workflow run %s is set aside: %s failed.", run_id, doing)
        return None

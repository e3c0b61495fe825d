"""
One run's trouble is its own: loops over runs go on, whatever one of the runs raises.

A payload that cannot be rendered is the trouble of its task, which fails. Anything else that is
raised about a run (a row that nobody but a person with SQL can have written) sets the run aside:
what failed is noted on it, for its page, the API and the list of what needs attention. The note is
written only when it says something new, and goes when the run makes progress again.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from runners import transaction
from runners.database import connection
from workflows.db.refusals import is_passing, is_refusal
from workflows.db.time_limits import limited
from workflows.models import WorkflowRun
from workflows.models.bounds import LONGEST_REASON, cut

Result = TypeVar("Result")
MOST_NOTED = 5
"""How many different failures of a run are noted."""

LOCK_S = 3.0
"""How long a loop waits for one run; the next round tries it again."""

logger = logging.getLogger(__name__)


def run_alone(run_id: int | None, doing: str, work: Callable[[], Result]) -> Result | None:
    """
    Do work for one run of many; if it raises, log and note that on the run, and return None.

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
        note_trouble(run_id, doing, exc)
        return None


def note_trouble(run_id: int | None, doing: str, exc: Exception) -> None:
    """Note on a run what has failed, unless it is noted or the database is at fault."""
    if run_id is None or is_refusal(exc):
        return
    try:
        with transaction.atomic():
            _note(run_id, trouble_of(doing, exc))
    except Exception:
        logger.exception("It could not be noted on workflow run %s.", run_id)


def trouble_of(doing: str, exc: Exception) -> str:
    """Return what failed, in one line."""
    # The first line only: databases quote whole rows in the others.
    why = f"{type(exc).__name__}: {exc}".partition("\n")[0]
    return cut(f"{doing} failed: {why}", most=LONGEST_REASON)


def _note(run_id: int, trouble: str) -> None:
    for known in WorkflowRun.objects.filter(pk=run_id).values_list("set_aside", flat=True):
        noted = known.splitlines()
        if trouble not in noted and len(noted) < MOST_NOTED:
            unchanged = WorkflowRun.objects.filter(pk=run_id, set_aside=known)
            unchanged.update(set_aside="\n".join([*noted, trouble]))

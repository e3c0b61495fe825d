"""What fails in the executor's loop is set aside for a growing while; the loop goes on."""

import logging
import sqlite3
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from runners.database import connection
from workflows.db.refusals import is_refusal
from workflows.runs.bulkhead import note_trouble

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0

LOST_CONNECTIONS = ("08", "57P")
"""How the SQLSTATE begins if a connection, perhaps in the middle of a commit, was ended."""

logger = logging.getLogger(__name__)


class SetAside:
    """Remembers what failed, how often in a row, and when it may be tried again."""

    def __init__(self) -> None:
        """Begin with nothing set aside."""
        self._failures: dict[Hashable, int] = {}
        self._faults: dict[Hashable, int] = {}
        self._retry_at: dict[Hashable, float] = {}

    def __contains__(self, what: Hashable) -> bool:
        """Return True as long as it must not be tried."""
        return time.monotonic() < self._retry_at.get(what, 0)

    def present(self) -> list[Any]:
        """Return all that must not be tried now."""
        return [what for what in self._retry_at if what in self]

    def faults(self, what: Hashable) -> int:
        """Return how often in a row it has failed through a fault, not because of the database."""
        return self._faults.get(what, 0)

    def forget(self, what: Hashable) -> None:
        """Count its next failure as the first."""
        for memory in (self._failures, self._faults, self._retry_at):
            memory.pop(what, None)

    @contextmanager
    def bulkhead(
        self, what: Hashable, name: str = "", *, run_id: int | None = None
    ) -> Iterator[None]:
        """
        Run a block; if it raises, log that under the name and set `what` aside instead.

        :param run_id: the run that it is about, on which it is noted.
        """
        try:
            yield
        except Exception as exc:  # noqa: BLE001 (whatever one run raises must not end the others)
            self._fail(what, name or str(what), exc)
            if run_id:
                note_trouble(run_id, name or str(what), exc)
        else:
            self.forget(what)

    def _fail(self, what: Hashable, name: str, exc: Exception) -> None:
        is_fault = not is_refusal(exc)
        failures = self._failures[what] = self._failures.get(what, 0) + 1
        self._faults[what] = self.faults(what) + is_fault
        pause_s = min(FIRST_PAUSE_S * 2 ** (failures - 1), LONGEST_PAUSE_S)
        self._retry_at[what] = time.monotonic() + pause_s
        # An answer of the database says it all; anything else is a fault whose place must be known.
        trace = exc if is_fault else None
        logger.warning("%s: %s; again in %d s.", name, first_line(exc), pause_s, exc_info=trace)
        reconnect()


def reconnect() -> None:
    """
    Have the next statement open another connection.

    Also if this one answers: a database that is read-only since a failover stays so.
    """
    if not connection.in_atomic_block:
        connection.close()


def is_certainly_undone(exc: Exception) -> bool:
    """Return True if the database has said that a transaction failed; False if it fell silent."""
    cause = exc.__cause__
    if isinstance(cause, sqlite3.OperationalError):
        return True
    state: str = getattr(cause, "sqlstate", None) or LOST_CONNECTIONS[0]
    return not state.startswith(LOST_CONNECTIONS)


def first_line(exc: Exception) -> str:
    """Return what an error says, for the log."""
    return f"{type(exc).__name__}: {exc}".partition("\n")[0][:500]

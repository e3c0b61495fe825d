"""
Whether the site can serve: what `/readyz` says, within seconds, whatever the database does.

The database is asked by a thread of its own. A name that is not resolved, or a file system that
hangs, cannot be interrupted; but nobody has to wait for it. There is one such thread at most.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from django.db import connections

from workflows.db.missing_migrations import missing_migrations
from workflows.db.refusals import is_passing, is_refusal
from workflows.db.time_limits import limited
from workflows.insight.attention import NOBODY_LOOKS, unattended_attempts

ANSWER_S = 1.5
"""How long the thread waits for one answer of the database."""
LOOK_WITHIN_S = 4.0
"""How long a health check waits for the thread."""

MIGRATING = "The table of migrations is locked: a migration is running."


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is wrong, if the site cannot serve; what needs attention, if it can."""

    problem: str = ""
    is_reachable: bool = True
    attention: tuple[str, ...] = ()


UNREACHABLE = Readiness("The database does not answer.", is_reachable=False)


@dataclass(slots=True)
class Probe:
    """Looks at the database; who asks while a look goes on gets what that one finds."""

    look: Callable[[], Readiness]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _current: "Future[Readiness] | None" = None
    _began_at: float = 0.0

    def result(self) -> Readiness:
        """Return what is found within a few seconds."""
        with self._lock:
            if self._current is None or self._current.done():
                self._current, self._began_at = Future(), time.monotonic()
                # Not from a pool: Python would wait for its threads when the process ends.
                threading.Thread(target=self._fulfil, args=[self._current], daemon=True).start()
            current, left_s = self._current, self._began_at + LOOK_WITHIN_S - time.monotonic()
        try:
            return current.result(max(0.0, left_s))
        except TimeoutError:
            return UNREACHABLE

    def _fulfil(self, future: "Future[Readiness]") -> None:
        try:
            future.set_result(self.look())
        except BaseException as exc:  # noqa: BLE001 (whoever asked raises it)
            future.set_exception(exc)


def look() -> Readiness:
    """Ask the database over a new connection."""
    try:
        with limited(answer_s=ANSWER_S, lock_s=ANSWER_S):
            return Readiness(_missing(), attention=_attention())
    except Exception as exc:
        if not is_refusal(exc):
            raise
        return UNREACHABLE
    finally:
        connections.close_all()


_known: dict[str, str] = {"missing": MIGRATING}
"""What was found when the table of migrations could last be read."""


def _missing() -> str:
    try:
        _known["missing"] = missing_migrations()
    except Exception as exc:
        if not (is_refusal(exc) and is_passing(exc)):
            raise
    return _known["missing"]


def _attention() -> tuple[str, ...]:
    """Return what needs attention; nothing if the tables are locked, which hinders nobody here."""
    try:
        return (NOBODY_LOOKS,) if unattended_attempts().exists() else ()
    except Exception as exc:
        if not (is_refusal(exc) and is_passing(exc)):
            raise
        return ()


PROBE = Probe(look)
"""The one of this process."""

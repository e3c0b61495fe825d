"""
The keeper of a process: it keeps leases, time-outs and cancellations while executors are busy.

The loop of an executor waits for locks, slow statements and slow hosts. Meanwhile two threads of
its process go on, for all executors in it (a Celery worker has one per thread):

- the *watch* never touches the database. It ends attempts whose time is over, and tells the fork
  server that this process is alive;
- the *keeper* has a database connection of its own. It looks for attempts that were canceled or
  closed, and renews leases in one statement that waits for no row.

What belongs to whom is written in `holdings.py`.

When attempts end that nobody supervises any more (the fence):

- **The executor stands still** (SIGSTOP, a debugger, swapping): the watch does not beat, and the
  fork server ends all slots, before the last lease that was renewed expires. It counts only time
  in which it runs itself: after the sleep of the whole machine the executor speaks first.
- **The executor wakes up**: nothing begins on an old claim (`tenure.py`), the keeper renews what
  is open, and kills what somebody else has closed, before a retry of it has got far.
- **The database is away, or refuses**: nothing is ended. The executor is alive and would renew if
  it could; killing the work of a whole installation because its database restarts would be worse
  than what the fence is for. Recovery needs the database, too, and gives those that come back with
  it a moment to renew (`reports/recovery.py`). If only this executor is cut off, its attempts may
  be called lost while they work: they are killed at its first look after that.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from runners.database import connection
from workflows.db.silence import SilenceGuard
from workflows.dispatch.leases import EXECUTOR_LEASE, RENEW_EVERY_S, extend_leases, look_at
from workflows.execution.holdings import Holdings, Unwanted
from workflows.execution.set_aside import first_line
from workflows.execution.tenure import uptime

LOOK_EVERY_S = 0.5
"""How often the keeper looks for cancellations; after a failure it tries again as soon."""
BEAT_EVERY_S = 0.25
FENCE_AFTER_S = EXECUTOR_LEASE.total_seconds() - RENEW_EVERY_S - 5
"""How long slots live without a beat: gone before a lease that was renewed in time expires."""
LEAVE_WITHIN_S = 5.0
"""How long the end of an executor waits for a keeper that waits for the database."""
ANSWER_WITHIN_S = 10.0
"""How long a statement of the keeper may take, until its connection is cut."""
WAIT_FOR_WRITERS = "PRAGMA busy_timeout = 500"
"""SQLite, in milliseconds: the next look must not be late because somebody else writes."""

logger = logging.getLogger(__name__)


class Keeper:
    """Runs both threads as long as any executor of this process serves."""

    def __init__(self) -> None:
        """Begin without threads."""
        self._lock = threading.Lock()
        self._kept: tuple[Holdings, ...] = ()
        self._pairs: list[_Pair] = []

    @contextmanager
    def keeping(self, holdings: Holdings) -> Iterator[None]:
        """Look after what an executor holds, during this block."""
        holdings.check(FENCE_AFTER_S)  # so that there is no slot without a fence
        with self._lock:
            self._kept = (*self._kept, holdings)
            if not self._pairs:
                self._pairs.append(_Pair(lambda: self._kept))
        try:
            yield
        finally:
            with self._lock:
                self._kept = tuple(each for each in self._kept if each is not holdings)
                if not self._kept:
                    self._pairs.pop().end()
                holdings.lower_fence()


class _Pair:
    """The two threads, from the first executor that serves to the end of the last one."""

    def __init__(self, kept: Callable[[], tuple[Holdings, ...]]) -> None:
        """Start both."""
        self._kept = kept
        self._stop = threading.Event()
        self._silence: SilenceGuard | None = None
        self._is_failing = False
        self._threads = [
            threading.Thread(target=target, name=target.__name__, daemon=True)
            for target in (self.watch, self.keep)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop both."""
        self._stop.set()
        for thread in self._threads:
            thread.join(LEAVE_WITHIN_S)

    def watch(self) -> None:
        """Do what needs no database, again and again."""
        while not self._stop.wait(BEAT_EVERY_S):
            for holdings in self._kept():
                with _logged("The watch failed."):
                    holdings.check(FENCE_AFTER_S)
            if self._silence:
                self._silence.cut_if_silent()

    def keep(self) -> None:
        """Keep what all executors hold, again and again, on a connection of this thread."""
        self._silence = SilenceGuard(ANSWER_WITHIN_S)
        with self._silence.listening():
            while not self._stop.wait(LOOK_EVERY_S):
                self._silence.note()
                for holdings in self._kept():
                    self._try_to_keep(holdings)
        connection.close()

    def _try_to_keep(self, holdings: Holdings) -> None:
        try:
            keep(holdings)
        except Exception as exc:  # noqa: BLE001 (whatever it is, it is tried again)
            if not self._is_failing:
                logger.warning("Leases cannot be renewed: %s; trying again.", first_line(exc))
            self._is_failing = True
            connection.close()
        else:
            self._is_failing = False


def keep(holdings: Holdings) -> None:
    """Renew the leases of what an executor holds, and end what is canceled or closed."""
    looked_at = uptime()
    if held := holdings.held:
        _connect()
        look = look_at(held)
        for attempt_id, is_closed in look.unwanted.items():
            holdings.end(Unwanted(attempt_id, is_closed))
        if look.expiring:
            extend_leases(look.expiring, EXECUTOR_LEASE)
    holdings.tenure.confirm(looked_at)


def _connect() -> None:
    if connection.vendor == "sqlite" and connection.connection is None:
        with connection.cursor() as cursor:
            cursor.execute(WAIT_FOR_WRITERS)


@contextmanager
def _logged(what: str) -> Iterator[None]:
    try:
        yield
    except Exception:
        logger.exception("%s", what)


@cache
def keeper() -> Keeper:
    """Return the one keeper of this process."""
    return Keeper()


os.register_at_fork(after_in_child=keeper.cache_clear)

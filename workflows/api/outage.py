"""
The process's memory that the database is silent, so that not every thread waits for it in vain.

Each wait is limited, but with more clients than threads, requests that need no database (health
checks) would stand behind many such waits. So after the first one in vain, requests are refused at
once, but for one now and then, which finds out whether the database answers again.
"""

import threading
import time

SLOW_S = 1.0
"""A refusal that takes longer has made others wait; one that comes at once harms nobody."""
PAUSE_S = 1.0
"""How long requests are refused at once after one that has waited in vain."""
LONGEST_LOOK_S = 10.0
"""How long the others are refused while one request looks; longer than it may take."""


class Outage:
    """Knows whether the database is silent, and when a request may try it again."""

    def __init__(self) -> None:
        """Begin with a database that answers."""
        self._lock = threading.Lock()
        self._try_at: float | None = None

    @property
    def is_on(self) -> bool:
        """Return True from the first request that waits in vain to the first that is answered."""
        return self._try_at is not None

    def begin(self) -> None:
        """Note that a request has waited in vain."""
        self._try_at = time.monotonic() + PAUSE_S

    def end(self) -> None:
        """Note that the database has answered."""
        self._try_at = None

    def note(self, *, is_answered: bool, is_look: bool) -> None:
        """Note what a request has found out that was not refused; perhaps it asked nothing."""
        if is_answered:
            self.end()
        elif is_look:
            self._try_at = time.monotonic()

    def admits(self) -> bool:
        """Return True for the one request that is to find out whether the database answers."""
        with self._lock:
            now = time.monotonic()
            if self._try_at is None or now >= self._try_at:
                self._try_at = now + LONGEST_LOOK_S
                return True
        return False


OUTAGE = Outage()
"""The one of this process."""

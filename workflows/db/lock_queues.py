"""
Which threads of this process wait for the same lock.

A lock that somebody holds for a minute must not take all threads of a site, one after the other,
for as long as each may wait. So one thread waits for it; the others give up as soon as the lock has
not changed hands for a while. While it is known to be stuck, one at a time tries it briefly, and
the others do not try. A lock that goes round among many is not stuck, however long the queue is.
"""

import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import OperationalError

STUCK_AFTER_S = 2.0
"""A lock that nobody of this process got for so long, although somebody wanted it, is stuck."""
SHORTEST_S = 0.3
"""How long a thread tries at least."""
REMEMBERED_S = 10.0
"""How long it is known that a lock is stuck, after the last thread that gave up."""


@dataclass(slots=True)
class LockQueue:
    """The threads that wait for one lock."""

    moved_at: float = field(default_factory=time.monotonic)
    """When a thread last got the lock, or the first one began to wait."""
    gave_up_at: float = 0.0
    waiting: int = 0

    @property
    def is_stuck(self) -> bool:
        """Return True if nobody gets the lock."""
        return time.monotonic() - self.moved_at >= STUCK_AFTER_S


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a thread in the queue for a lock."""

    queue: LockQueue
    is_first: bool
    longest_s: float

    def is_over(self, waited_s: float) -> bool:
        """Return True if it has to give up."""
        if not self.is_first and self.queue.is_stuck and waited_s >= SHORTEST_S:
            return True
        return waited_s >= self.longest_s


_queues: dict[Hashable, LockQueue] = {}
_guard = threading.Lock()


def is_hopeless(lock: Hashable) -> bool:
    """Return True if a lock is stuck, and another thread tries it already."""
    queue = _queues.get(lock)
    return queue is not None and queue.waiting > 0 and queue.is_stuck


@contextmanager
def place_in_queue(lock: Hashable, longest_s: float) -> Iterator[Place]:
    """Yield the place of this thread in the queue for a lock; the block takes the lock."""
    queue, place = _join(lock, longest_s)
    has_got_it = True
    try:
        yield place
    except OperationalError:
        has_got_it = False
        raise
    finally:
        _leave(lock, queue, has_got_it=has_got_it)


def _join(lock: Hashable, longest_s: float) -> tuple[LockQueue, Place]:
    with _guard:
        queue = _queues.get(lock)
        is_new = queue is None or _is_forgotten(queue)
        if queue is None or is_new:
            queue = _queues[lock] = LockQueue()
        queue.waiting += 1
    return queue, Place(queue, is_new, longest_s)


def _is_forgotten(queue: LockQueue) -> bool:
    return not queue.waiting and time.monotonic() - queue.gave_up_at > REMEMBERED_S


def _leave(lock: Hashable, queue: LockQueue, *, has_got_it: bool) -> None:
    with _guard:
        queue.waiting -= 1
        if has_got_it:
            queue.moved_at = time.monotonic()
        else:
            queue.gave_up_at = time.monotonic()
        if has_got_it and not queue.waiting:
            _queues.pop(lock, None)

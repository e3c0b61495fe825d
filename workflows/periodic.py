"""
Work that has to be done again and again, by whichever process comes by.

An app registers a function and how often it has to be called. Every serving executor calls
`run_due` in passing, and cron may call `manage.py tick`: there is no process for it alone. Who
calls a function is decided in the database, for all processes together: a row holds when somebody
last looked, and whoever updates it first does the work. A process that dies meanwhile is not
waited for, since the row says when the work was begun: the next round is due as if it had ended.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from workflows.models import LastLook
from workflows.models.actor import Actor

RECOVERY = "recovery"
"""The name of the work that recovers overdue attempts."""
SHORTEST_PAUSE_S = 0.5
NOW = timedelta(0)

logger = logging.getLogger(__name__)


class PeriodicFunction(Protocol):
    """Does one round of its work, and returns what was done: how many, by participle."""

    def __call__(self, *, by: Actor) -> Counter[str]:
        """Do one round. Another process may do the same at this moment."""


@dataclass(frozen=True, slots=True)
class PeriodicWork:
    """A function that is called again and again."""

    name: str
    function: PeriodicFunction
    every: timedelta

    def due_in(self, last: datetime, now: datetime) -> timedelta:
        """Return how long it need not be called yet; a look in the future counts for none."""
        is_possible = last <= now + self.every
        return max(last + self.every - now, NOW) if is_possible else NOW


@dataclass(frozen=True, slots=True)
class Round:
    """What one round has done, and what has failed in it."""

    done: Counter[str] = field(default_factory=Counter)
    failures: dict[str, Exception] = field(default_factory=dict)


_registered: dict[str, PeriodicWork] = {}
_next_look = {"at": 0.0}
"""Until then, by the monotonic clock, this process knows that nothing is due."""


def register(name: str, function: PeriodicFunction, every: timedelta) -> None:
    """Have a function called about as often as this; for the `ready()` of an app."""
    _registered[name] = PeriodicWork(name, function, every)


def counted(done: str, function: Callable[..., int]) -> PeriodicFunction:
    """Return a periodic function from one that returns how many rows it has `done`."""

    def call(*, by: Actor) -> Counter[str]:
        return Counter({done: function(by=by)})

    return call


def run_due(*, by: Actor) -> Round:
    """
    Do what nobody has done for its period; call it as often as you like, outside any transaction.

    It takes no statement while nothing can be due, and one if nothing is.
    """
    # Two threads may both look: only one of them gets the work.
    if time.monotonic() < _next_look["at"]:
        return Round()
    return _run(_claim_due(), by=by)


def run_all(*, by: Actor) -> Round:
    """Do one round of everything, due or not; for people and cron, outside any transaction."""
    LastLook.objects.bulk_create(
        [LastLook(name=name) for name in sorted(_registered)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )
    return _run(_registered.values(), by=by)


def _claim_due() -> list[PeriodicWork]:
    """Return the work that this process has to do, and note when something is due next."""
    looks = {name: (at, now) for name, at, now in _looks()}
    due_in = {
        work: work.due_in(*looks[work.name]) if work.name in looks else NOW
        for work in _registered.values()
    }
    pauses = (pause or work.every for work, pause in due_in.items())
    pause = min(pauses, default=NOW).total_seconds()
    _next_look["at"] = time.monotonic() + max(pause, SHORTEST_PAUSE_S)
    due = [work for work, pause in due_in.items() if not pause]
    return [work for work in due if _claim(work, is_new=work.name not in looks)]


def _looks() -> Iterable[tuple[str, datetime, datetime]]:
    """Return when somebody last looked, by name, beside the database's present time."""
    return LastLook.objects.annotate(now=Now()).values_list("name", "at", "now")


def _claim(work: PeriodicWork, *, is_new: bool) -> bool:
    """Return True in one of the processes that find the same work due at the same moment."""
    if is_new:
        return LastLook.objects.get_or_create(name=work.name)[1]
    still_due = Q(at__lte=Now() - work.every) | Q(at__gt=Now() + work.every)
    return bool(LastLook.objects.filter(still_due, name=work.name).update(at=Now()))


def _run(works: Iterable[PeriodicWork], *, by: Actor) -> Round:
    result = Round()
    for work in works:
        try:
            result.done.update(work.function(by=by))
        except Exception as exc:
            logger.exception(
                "Periodic work failed: %s. It is tried again in its next round.", work.name
            )
            result.failures[work.name] = exc
            if not connection.in_atomic_block:
                # Also if it answers: a database that is read-only since a failover stays so.
                connection.close()
    return result

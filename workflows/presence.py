"""Which processes serve: each says so again and again, and is forgotten when it no longer does."""

import os
import socket
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from workflows import __version__
from workflows.db.composed import composed
from workflows.models import Presence
from workflows.models.actor import Actor

ABSENT_AFTER = timedelta(minutes=1)
"""How long a process that has said nothing still counts as serving."""
FORGOTTEN_AFTER = timedelta(days=1)
"""How long its row is kept, so that people can read when it was last there."""


def seen(*, kind: str, serves: Iterable[str] = ()) -> None:
    """
    Say that this process serves; one statement, however often and in whichever thread.

    :param kind: what it is: `local runner`, `worker`.
    :param serves: what it serves, in words that others ask for: kinds of runners, names of queues.
    """
    here = Presence(
        kind=kind,
        host=socket.gethostname(),
        pid=os.getpid(),
        version=__version__,
        serves=list(serves),
    )
    Presence.objects.bulk_create(
        [here],
        update_conflicts=True,
        unique_fields=["kind", "host", "pid"],
        update_fields=["version", "serves", "seen_at"],
    )


def gone(*, kind: str) -> None:
    """Say that this process no longer serves; one that is killed is merely not seen again."""
    Presence.objects.filter(kind=kind, host=socket.gethostname(), pid=os.getpid()).delete()


def serving() -> list[Presence]:
    """Return the processes that serve."""
    return _serving.rows()


@composed
def _serving() -> QuerySet[Presence]:
    return Presence.objects.filter(seen_at__gte=Now() - ABSENT_AFTER)


def remove_old(*, by: Actor) -> Counter[str]:
    """Forget the processes that have not been seen for a day; return how many."""
    old = Presence.objects.filter(seen_at__lt=Now() - FORGOTTEN_AFTER)
    return Counter(forgotten=old.delete()[0])

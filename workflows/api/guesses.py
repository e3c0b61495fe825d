"""Guesses of passwords are counted before they are checked, for all processes together."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import BoundedSemaphore

from django.http import HttpRequest
from rest_framework.request import Request

from runners.conf import setting
from workflows.api.throttling import address_of
from workflows.throttles import Limit, Throttled

CHECKS_AT_ONCE = BoundedSemaphore(2)
"""
How many passwords a process checks at the same moment: each check takes a core for about 0.3 s.

So a client that sends many right passwords at once waits, instead of being taken for one that
guesses; and guesses leave threads for other requests.
"""
LONGEST_WAIT_S = 5


@contextmanager
def counted_guess(name: str, request: Request | HttpRequest | None) -> Iterator[None]:
    """
    Count a guess at the password of a user, and check it in this block; a right one is not kept.

    It is wrong if the block raises. A process that dies meanwhile has guessed wrong.

    :raises Throttled: if there were too many, of this user or from this address; nothing is
        checked then.
    """
    if not CHECKS_AT_ONCE.acquire(timeout=LONGEST_WAIT_S):
        raise Throttled(1)
    try:
        counted: list[tuple[Limit, str]] = []
        try:
            for limit, key in _counters(name, request):
                limit.count(key)
                counted.append((limit, key))
        except Throttled:
            _give_back(counted)
            raise
        yield
        _give_back(counted)
    finally:
        CHECKS_AT_ONCE.release()


def _counters(name: str, request: Request | HttpRequest | None) -> Iterator[tuple[Limit, str]]:
    limits = setting("FAILED_LOGINS")
    within = timedelta(seconds=limits["seconds"])
    yield Limit("guess of user", within, limits["per_user"]), _folded(name)
    if request:
        yield Limit("guess from address", within, limits["per_address"]), address_of(request)


def _folded(name: str) -> str:
    """Return what all spellings of a user name have in common: guesses of one count for all."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def _give_back(counted: list[tuple[Limit, str]]) -> None:
    for limit, key in counted:
        limit.give_back(key)

"""What the validation of one value may cost, whatever its schema and the value are."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

VALIDATION_SECONDS = 1.0
"""Of computing, for the parameters of a run: all patterns of the schema share them."""
SCHEMA_SECONDS = 2.0
"""Of computing, for a schema that is saved."""
MOST_ERRORS = 2_000
"""Errors that a validation may meet, those of rejected alternatives included."""


class Uncheckable(Exception):
    """A value cannot be compared with its schema."""


class TooCostly(Uncheckable):
    """A value cannot be compared with its schema within the budget."""


class Budget:
    """The time and the errors that are left to a validation."""

    def __init__(self, seconds: float) -> None:
        """Begin now."""
        self._until = time.thread_time() + seconds
        self._errors_left = MOST_ERRORS

    def seconds_left(self) -> float:
        """
        Return how much time is left.

        :raises TooCostly: if none is.
        """
        if (left := self._until - time.thread_time()) <= 0:
            raise TooCostly("checking it takes too long")
        return left

    def count_error(self) -> None:
        """
        Count an error.

        :raises TooCostly: if there are too many.
        """
        self._errors_left -= 1
        if self._errors_left < 0:
            raise TooCostly("too many of its alternatives do not fit")


_CURRENT: ContextVar[Budget] = ContextVar("budget of a validation")


def budget() -> Budget:
    """Return the budget of the validation that is going on."""
    return _CURRENT.get()


@contextmanager
def limited(seconds: float = VALIDATION_SECONDS) -> Iterator[None]:
    """Give a validation its budget."""
    token = _CURRENT.set(Budget(seconds))
    try:
        yield
    finally:
        _CURRENT.reset(token)

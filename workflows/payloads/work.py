"""
How much the expressions of one payload may do, and how large their values may become.

Payloads are rendered while the run is locked, and nothing can interrupt an evaluation. So its time
is bounded by its work: whatever reads or copies a value pays for the size of the value first.
"""

from math import isfinite
from typing import Any

from jinja2 import Undefined

from workflows.models.fields import DEEPEST_JSON

ITEM_COST = 10
"""What an element of a list or an object costs; a character costs 1."""
MOST_WORK = 20_000_000
"""For all expressions of a payload together: a second, at the very most."""
MOST_RESULT = 5_000_000
"""For all values that are put into a payload, and for each value on the way."""
MOST_BITS = 8_192
"""Of a whole number with which is calculated."""

TOO_DEEP = "the expression is nested too deeply"
TOO_LONG = "a number has too many digits"
TOO_LARGE = "a number is larger than JSON can hold"
TOO_MUCH_WORK = "the expressions of this payload do too much work; pass on the values as they are"
RESULT_TOO_LARGE = (
    "the values that are put into this payload are too large; write them into a file, and pass "
    "on its name"
)


class BadExpression(Exception):
    """A text holds an expression that cannot be read or evaluated; the message says why."""


class Work:
    """What the expressions of one payload may still do."""

    def __init__(self, most: int = MOST_WORK) -> None:
        """Begin with nothing done."""
        self._left = most
        self._room = MOST_RESULT

    def spend(self, cost: int) -> None:
        """
        Pay for something, before it is done.

        :raises BadExpression: if it is too much.
        """
        self._left -= cost
        if self._left < 0:
            raise BadExpression(TOO_MUCH_WORK)

    def read(self, value: Any, times: int = 1) -> None:
        """
        Pay for reading all of a value so many times.

        :raises BadExpression: if it is too much, or not JSON.
        """
        if isinstance(value, str):
            self._pay_for_value(len(value), times)
        elif isinstance(value, list | dict):
            self._pay_for_value(self._size_of(value), times)
        elif isinstance(value, Undefined):
            str(value)  # raises, naming it

    def keep(self, value: Any) -> None:
        """
        Pay for putting a value into the payload.

        :raises BadExpression: if there is no room for it.
        """
        before = self._left
        self.read(value)
        self._room -= before - self._left
        if self._room < 0:
            raise BadExpression(RESULT_TOO_LARGE)

    def _pay_for_value(self, size: int, times: int) -> None:
        if size > MOST_RESULT:
            raise BadExpression(RESULT_TOO_LARGE)
        self.spend(size * times)

    def _size_of(self, value: Any) -> int:
        """Count level by level, and stop at what is too large or too deep to be stored."""
        level, size = [value], 0
        for _ in range(DEEPEST_JSON + 1):
            below: list[Any] = []
            for item in level:
                size += _own_size(item)
                if isinstance(item, list):
                    below += item
                elif isinstance(item, dict):
                    below += [*item, *item.values()]
                if size + len(below) * ITEM_COST > MOST_RESULT:
                    raise BadExpression(RESULT_TOO_LARGE)
            if not below:
                return size
            level = below
        raise BadExpression(f"its value is nested deeper than {DEEPEST_JSON} levels")


def _own_size(item: Any) -> int:
    if isinstance(item, str):
        return ITEM_COST + len(item)
    if isinstance(item, int):
        return ITEM_COST + item.bit_length() // 3
    if isinstance(item, Undefined):
        str(item)  # raises, naming it
    return ITEM_COST


def calculable(number: Any) -> Any:
    """
    Return a number with which can be calculated, or any other value.

    :raises BadExpression: if the number is infinite, or has too many digits.
    """
    if isinstance(number, float) and not isfinite(number):
        raise BadExpression(TOO_LARGE)
    if isinstance(number, int) and number.bit_length() > MOST_BITS:
        raise BadExpression(TOO_LONG)
    return number

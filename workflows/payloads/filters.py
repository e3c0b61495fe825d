"""
The filters and tests of expressions, over JSON data.

Each is Jinja's by name and meaning. Those of Jinja are used only where no argument makes the
result large or the work long.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from jinja2 import StrictUndefined, Undefined, filters, tests

from runners.base import json_text
from workflows.payloads.work import ITEM_COST, MOST_RESULT, BadExpression

MAX_DIGITS = 15
LONGEST_OPTION = 200
"""Characters of an argument that is read again for each element or character of the value."""
MOST_KNOWN = 10
MOST_PARTS = 10
JINJAS_TESTS: Any = tests.TESTS
TESTS: dict[str, Callable[..., Any]] = {
    name: JINJAS_TESTS[name]
    for name in (
        "!= < <= == > >= boolean defined divisibleby eq equalto even false float ge greaterthan gt "
        "in integer iterable le lessthan lower lt mapping ne none number odd sequence string true "
        "undefined upper"
    ).split()
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A function that a value and arguments are given to."""

    function: Callable[..., Any]
    times: int = 1
    """How often, in effect, it reads all of the value; 0 if it only looks at it."""
    iterates: bool = False
    """It takes the elements one by one, also the characters of a text."""

    def cost_factor(self, value: Any) -> int:
        """Return how often the value's size has to be paid for."""
        return self.times * ITEM_COST if self.iterates and isinstance(value, str) else self.times


def spelled(value: Any) -> str:
    """Return a value as it is spelled inside a text."""
    return str(value) if isinstance(value, Undefined) else json_text(value)


def lookup(value: Any, key: Any) -> Any:
    """Return what a dot or brackets look up: a key or an index, never an attribute."""
    try:
        return value[key]
    except (LookupError, TypeError):
        return StrictUndefined(hint=f"{_unknown(key)}{_known_names(value)}")


def _unknown(key: Any) -> str:
    if isinstance(key, str | int | float):
        return f"unknown name '{_shortened(key)}'"
    return "brackets take a name or a number, no other value"


def _shortened(key: object) -> str:
    return str(key)[:LONGEST_OPTION]


def _known_names(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    names = [_shortened(name) for name, _ in zip(value, range(MOST_KNOWN), strict=False)]
    return f" (known: {', '.join(names) or 'none'})"


def _of_text(text_filter: Callable[..., Any]) -> Callable[..., Any]:
    """Let a filter of texts take any value, as it is spelled inside a text."""
    return lambda value: text_filter(spelled(value))


def _trim(value: Any, chars: str | None = None) -> str:
    return spelled(value).strip(_option(chars))


def _option(text: Any) -> Any:
    if isinstance(text, str) and len(text) > LONGEST_OPTION:
        raise BadExpression(f"an argument has more than {LONGEST_OPTION} characters")
    return text


def _first(items: Any) -> Any:
    return next(iter(items), StrictUndefined(hint="there is no first element, it is empty"))


def _last(items: Any) -> Any:
    return next(reversed(items), StrictUndefined(hint="there is no last element, it is empty"))


def _join(items: Iterable[Any], separator: object = "") -> str:
    if not isinstance(separator, str):
        raise TypeError(f"the separator {spelled(separator)} is not a text")
    texts = [spelled(item) for item in items]
    if len(texts) * len(separator) > MOST_RESULT:
        raise BadExpression(f"the separators exceed {MOST_RESULT:,} characters")
    return separator.join(texts)


def _round(number: float, digits: int = 0) -> float:
    if abs(digits) > MAX_DIGITS:
        raise BadExpression(f"at most {MAX_DIGITS} digits")
    return round(number, digits)


def _sort(
    items: Iterable[Any],
    reverse: bool = False,
    case_sensitive: bool = False,
    attribute: str | int | None = None,
) -> list[Any]:
    paths = [] if attribute is None else list(map(_path, str(_option(attribute)).split(",")))

    def key(item: Any) -> Any:
        found = _keys(item, paths)
        return found if case_sensitive else list(map(_lowered, found))

    return sorted(items, key=key, reverse=bool(reverse))


def _path(attribute: str) -> list[str | int]:
    parts = attribute.split(".", MOST_PARTS)
    if len(parts) > MOST_PARTS:
        raise BadExpression(f"an attribute has more than {MOST_PARTS} parts")
    return [int(part) if part.isdecimal() else part for part in parts]


def _keys(item: Any, paths: Sequence[Sequence[str | int]]) -> list[Any]:
    """Return what is compared of an item: what the paths lead to; all of it without one."""
    return [reduce(lookup, path, item) for path in paths] or [item]


def _lowered(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _unique(
    items: Iterable[Any],
    case_sensitive: bool = False,
    attribute: str | int | None = None,
) -> list[Any]:
    # By their JSON: anybody can choose numbers that a set takes for each other's.
    found: dict[str, Any] = {}
    for item in items:
        [key] = _keys(item, [] if attribute is None else [_path(str(attribute))])
        found.setdefault(_tojson(key if case_sensitive else _lowered(key)), item)
    return list(found.values())


def _tojson(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


FILTERS = {
    "abs": Filter(abs, 0),
    "default": Filter(filters.do_default, 0),
    "first": Filter(_first, 0),
    "float": Filter(filters.do_float),
    "int": Filter(filters.do_int),
    "join": Filter(_join, 2, iterates=True),
    "last": Filter(_last, 0),
    "length": Filter(len, 0),
    "list": Filter(list, 1, iterates=True),
    "lower": Filter(_of_text(str.lower), 2),
    "round": Filter(_round, 0),
    "sort": Filter(_sort, 5, iterates=True),
    "string": Filter(spelled),
    "title": Filter(_of_text(filters.do_title), ITEM_COST),
    "tojson": Filter(_tojson, 2),
    "trim": Filter(_trim, 2),
    "unique": Filter(_unique, 5, iterates=True),
    "upper": Filter(_of_text(str.upper), 2),
}

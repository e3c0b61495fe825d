"""A JSON field of which one absurd value keeps no list of rows from being read."""

import json
import re
from math import isfinite
from typing import Any

from django.db import models

MOST_LEVELS = 100
"""Of what is read. What a person stored by hand may be deeper than Python can write again."""
UNREADABLE = "(cannot be read: nested too deeply, or a number or character that JSON has not)"
SURROGATE = re.compile(r"[\ud800-\udfff]")


class ReadableJSONField(models.JSONField):
    """A JSON field; what a person stored by hand, and Python cannot write again, is a text."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Read a value, or the text UNREADABLE in its place."""
        if value == "{}":  # most values, of most columns
            return {}
        if not isinstance(value, str):
            return super().from_db_value(value, expression, connection)
        try:
            found = READER.decode(value)
        except json.JSONDecodeError:
            return value
        except (RecursionError, ValueError):
            return UNREADABLE
        return UNREADABLE if _is_absurd(value, found) else found

    def deconstruct(self) -> Any:
        """Return the field as Django's own: the columns are the same."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs


def _finite(text: str) -> float:
    """Return a number that JSON can hold."""
    if not isfinite(number := float(text)):
        raise ValueError("the number is too large")
    return number


READER = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)


def _is_absurd(text: str, value: object) -> bool:
    """Return True if a value can be read, and not written again; quickly, for nearly all."""
    levels = text.count("[") + text.count("{") if len(text) > MOST_LEVELS else 0
    if levels > MOST_LEVELS and _is_deeper(value, MOST_LEVELS):
        return True
    return "\\u" in text and bool(SURROGATE.search(json.dumps(value, ensure_ascii=False)))


def _is_deeper(value: object, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return True


def _children(item: object) -> list[Any]:
    if isinstance(item, dict):
        return list(item.values())
    return item if isinstance(item, list) else []

"""What a value is made of, as expressions of a payload reach its parts."""

import json
from collections.abc import Iterator
from typing import Any

MOST_PARTS = 200
DEEPEST = 4
LONGEST_SHOWN = 60
KINDS = {dict: "object", list: "list", str: "text", bool: "yes/no", type(None): "null"}

Part = dict[str, str]
"""`path` behind the name of the value, its `type`, and its `value` as far as that is short."""


def outline(value: object) -> list[Part]:
    """Return a value and its parts, the first ones of many; of a list, its first element."""
    found: list[Part] = []
    level: list[tuple[str, object]] = [("", value)]
    for _ in range(DEEPEST + 1):
        found += [_part(path, each) for path, each in level]
        level = [below for path, each in level for below in _below(path, each)]
        if len(found) >= MOST_PARTS:
            break
    return found[:MOST_PARTS]


def _part(path: str, value: object) -> Part:
    kind = KINDS.get(type(value), "number")
    if isinstance(value, dict | list):
        return {"path": path, "type": kind, "value": f"{len(value):,}" if value else "empty"}
    text = value if isinstance(value, str) else json.dumps(value)
    short = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
    return {"path": path, "type": kind, "value": short}


def _below(path: str, value: Any) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, child in list(value.items())[:MOST_PARTS]:
            yield f"{path}{lookup(key)}", child
    elif isinstance(value, list) and value:
        yield f"{path}[0]", value[0]


def lookup(key: str) -> str:
    """Return how an expression looks up a key: `.day`, or `['two words']`."""
    if key.isidentifier() and key.isascii():
        return f".{key}"
    escaped = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{escaped}']"

"""Bodies that are spoiled at random: JSON in place of any field, twice the same key, no JSON."""

import copy
import json
from random import Random
from typing import Any

ATOMS: list[Any] = [
    *[None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**400, -(10**40), 1.5, 1e308, -0.0],
    *[float("nan"), float("inf"), "", " ", "a", "b", "x" * 400, "y" * 70_000, "\0", "a\0b"],
    *["\ud800", "é🎉", "\u202e", "a > b", "../..", "{{", "{{ params.v }}", "{{ 1e400 }}", "host"],
    *[
        "{{ params.v | sort }}",
        "{{ tasks.a.result }}",
        "9999-12-31T23:59:59Z",
        "0000-00-00",
        "null",
    ],
    *["running", "success", "failed", "canceled", "queued", "<script>", "%s", "^(a+)+$", "("],
    *[[], {}, [[]], {"": {}}, [None] * 50, {"type": "object"}, {"$ref": "#"}, "2026-01-31"],
]
KEYS = ["name", "step_id", "type", "properties", "status", "a", "", "\0", "\ud800", "__class__"]
KEYS += ["items", "default", "enum", "pattern", "required", "result", "exit_code", "x" * 300]
TYPES = ["string", "integer", "number", "boolean", "array", "object", "null", "x", ["string"], 5]
WORDS = ["minimum", "maxLength", "pattern", "format", "enum", "const", "items", "required", "allOf"]
WORDS += ["not", "if", "then", "properties", "patternProperties", "additionalProperties", "default"]
WORDS += ["writeOnly", "title", "description", "multipleOf", "uniqueItems", "dependentRequired"]
WORDS += ["contains", "$ref", "$dynamicRef", "$defs", "$id", "$schema", "$anchor", "prefixItems"]
MEANT: dict[str, Any] = {
    **dict.fromkeys(["minimum", "maxLength", "multipleOf"], 3),
    "pattern": "^(a+)+$",
    "format": "date",
    "enum": [1, "a", None],
    "const": 1,
    "default": 2,
    "required": ["v"],
    "title": "<b>",
    "description": "<script>",
    "uniqueItems": True,
    "allOf": [{"type": "integer"}, {"default": "x"}],
    "prefixItems": [True, {}],
    "dependentRequired": {"v": ["w"]},
    "patternProperties": {"^(a+)+$": {}},
}


class Bodies:
    """Makes bodies; the same ones again for the same random numbers."""

    def __init__(self, random: Random) -> None:
        """Take the random numbers from here."""
        self.random = random
        self.pick = random.choice

    def value(self, depth: int = 2) -> Any:
        """Return JSON data, or what JSON does not have."""
        kind = self.random.random()
        if depth == 0 or kind < 0.7:
            return copy.deepcopy(self.pick(ATOMS))
        if kind < 0.85:
            return [self.value(depth - 1) for _ in range(self.pick([1, 2, 5]))]
        if kind < 0.97:
            return {self.pick(KEYS): self.value(depth - 1) for _ in range(self.pick([1, 3]))}
        return self._deep(self.pick([45, 60, 200]))

    def schema(self, depth: int = 2) -> Any:
        """Return a schema of parameters, or nearly."""
        if self.random.random() < 0.1:
            return self.value()
        known = self.pick([TYPES[:7], TYPES[:7], TYPES])
        found: dict[str, Any] = {"type": self.pick(known)} if self.random.random() < 0.6 else {}
        for word in self.random.sample(WORDS, self.pick([0, 1, 1, 2, 3])):
            made = self.pick([MEANT.get(word), self.value(1)])
            found[word] = self.schema(depth - 1) if depth and made is None else made
        return found

    def spoiled(self, data: Any) -> Any:
        """Return a copy of data in which a few places hold something else."""
        data = copy.deepcopy(data)
        for _ in range(self.pick([0, 0, 0, 1, 1, 2, 4])):
            self._spoil(data)
        return data

    def text_of(self, data: Any) -> bytes:
        """Return a body as it is sent: mostly its JSON."""
        text = json.dumps(data)
        kind = self.random.random()
        if kind < 0.05 and text.startswith("{"):
            text = f'{{"{self.pick(KEYS[:6])}": {json.dumps(self.value(1))}, {text[1:]}'
        elif kind < 0.08:
            text = text[: self.random.randrange(len(text) + 1)]
        elif kind < 0.1:
            text = self.pick(["[" * 100_000, '{"a":' * 5_000, "null", "", "[]", '"x"', "9" * 5_000])
        return text.encode() if kind < 0.98 else text.encode("utf-16")

    def _spoil(self, data: Any) -> None:
        places = list(_places(data))
        if not places:
            return
        container, key = self.pick(places)
        kind = self.random.random()
        if kind < 0.75:
            container[key] = self.value()
        elif kind < 0.9 or isinstance(container, list):
            del container[key]
        else:
            container[self.pick(KEYS)] = container.pop(key)

    def _deep(self, levels: int) -> Any:
        found: Any = 1
        for _ in range(levels):
            found = [found] if self.pick([0, 1]) else {"a": found}
        return found


def _places(data: Any) -> Any:
    """Yield each container with each of its keys."""
    keys = list(data) if isinstance(data, dict) else range(len(data))
    for key in keys:
        yield data, key
        if isinstance(data[key], dict | list):
            yield from _places(data[key])

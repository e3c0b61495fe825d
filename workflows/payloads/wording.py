"""Words the errors of jsonschema: what is wrong, and what to write instead."""

import json
from collections.abc import Callable
from itertools import islice
from typing import Any

from jsonschema.exceptions import ValidationError

from workflows.payloads.suggestions import nearest

LONGEST = 300
LONGEST_SHOWN = 60
"""Characters of a wrong value that a message repeats."""
MOST_CHOICES = 30
MOST_ALTERNATIVES = 3
Words = Callable[[Any, Any, ValidationError], str]
"""Words an error, given the wrong value and what its keyword says."""

NOUNS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}
"""How people call the types."""
TYPES = {
    "array": 'write a list, as in ["a", "b"]',
    "boolean": "write true or false, without quotes",
    "integer": "write a whole number, without quotes",
    "null": "write null",
    "number": "write a number, without quotes",
    "object": 'write an object, as in {"key": "value"}',
    "string": "write a text in quotes",
}
"""What to write, by the type that is wanted."""
FORMATS = {
    "date": "2026-01-31",
    "email": "ada@example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "time": "08:00:00Z",
    "uuid": "f30a46e7-2e5b-4e6f-9b2f-0c3e6a1d7c11",
}
"""An example of each format."""


def worded(error: ValidationError) -> str:
    """Return one line about an error; a property that is missing or unknown stands before it."""
    known = WORDS.get(str(error.validator))
    text = known(error.instance, error.validator_value, error) if known else error.message
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def missing_name(error: ValidationError) -> str:
    """Return the property that one error about required properties names."""
    names: Any = error.validator_value
    return next(str(name) for name in names if error.message.startswith(repr(name)))


def shown(value: object) -> str:
    """Return the beginning of a value, as messages of jsonschema show it; null is no None."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.encode(errors="backslashreplace").decode()  # lone surrogates cannot be encoded
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _type(value: Any, wanted: Any, _: object) -> str:
    kinds = [wanted] if isinstance(wanted, str) else list(wanted)
    what = " or ".join(NOUNS.get(str(kind), repr(kind)) for kind in kinds)
    remedy = TYPES.get(str(kinds[0]), "")
    if kinds[0] == "string" and isinstance(value, bool | int | float):
        remedy = f'put it in quotes: "{shown(value)}"'
    return f"{shown(value)} is not {what}; {remedy}"


def _enum(value: Any, choices: Any, _: object) -> str:
    texts = list(choices)
    if not all(isinstance(each, str) for each in texts):  # '5' is not 5
        texts = list(map(shown, texts))
    listed = ", ".join(texts[:MOST_CHOICES]) + (", …" if len(texts) > MOST_CHOICES else "")
    meant = nearest(value, texts) if isinstance(value, str) else None
    question = f"; did you mean {meant}?" if meant else ""
    return f"{shown(value)} is not one of: {listed}{question}"


def _format(value: Any, wanted: Any, _: object) -> str:
    example = f", such as {FORMATS[wanted]}" if wanted in FORMATS else ""
    return f"{shown(value)} is not a '{wanted}'{example}"


def _required(_: Any, __: Any, error: ValidationError) -> str:
    return f"{missing_name(error)}: this property is required"


def _additional(value: Any, _: Any, error: ValidationError) -> str:
    schema: Any = error.schema
    known = list(schema.get("properties", ()))
    if error.validator_value is not False or not known or "patternProperties" in schema:
        return error.message
    unknown = [name for name in value if name not in known]
    return "; ".join(f"{name or repr(name)}: {_no_such(name, known)}" for name in unknown)


def _no_such(name: str, known: list[str]) -> str:
    meant = nearest(name, known)
    question = f"did you mean {meant}? " if meant else ""
    return f"there is no such property; {question}known: {', '.join(known[:MOST_CHOICES])}"


def _any_of(value: Any, _: Any, error: ValidationError) -> str:
    reasons = list(map(worded, islice(error.context or (), MOST_ALTERNATIVES)))
    if not reasons:
        return error.message
    return f"{shown(value)} fits none of the alternatives: {', or '.join(reasons)}"


def _bound(words: str) -> Words:
    return lambda value, bound, _: f"{shown(value)} {words.format(shown(bound))}"


def _at_least(units: str) -> Words:
    few = _bound(f"is too short: at least {{}} {units}")
    none = _bound("should be non-empty")
    return lambda value, bound, error: (none if bound == 1 else few)(value, bound, error)


WORDS: dict[str, Words] = {
    "type": _type,
    "enum": _enum,
    "format": _format,
    "required": _required,
    "additionalProperties": _additional,
    "anyOf": _any_of,
    "oneOf": _any_of,
    "minLength": _at_least("characters"),
    "maxLength": _bound("is too long: at most {} characters"),
    "minItems": _at_least("items"),
    "maxItems": _bound("is too long: at most {} items"),
    "minimum": _bound("is less than the minimum of {}"),
    "maximum": _bound("is greater than the maximum of {}"),
    "exclusiveMinimum": _bound("must be greater than {}"),
    "exclusiveMaximum": _bound("must be less than {}"),
    "multipleOf": _bound("is not a multiple of {}"),
}
"""How each keyword of JSON Schema words its errors; others keep jsonschema's words."""

"""Checks of the schema of a template's parameters, when the template is saved."""

from collections.abc import Iterator
from itertools import starmap
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from workflows.payloads.budget import SCHEMA_SECONDS, Uncheckable, limited
from workflows.payloads.patterns import probe
from workflows.payloads.suggestions import nearest, suggested
from workflows.payloads.validation import SchemaValidator
from workflows.payloads.wording import worded

SECRET_KEYWORD = "writeOnly"  # noqa: S105 (JSON Schema's keyword for values that are never shown)
MOST_VALUES = 5_000
"""How many objects, lists, texts and numbers a schema may consist of."""
UNAVAILABLE_KEYWORDS = {"$ref", "$dynamicRef"}
"""References: a schema must not fetch others or refer to itself."""
REMEDY = "repeat nothing that is repeated already, as (a+)+ does"
NOT_BOTH = "not available in a schema with unevaluatedProperties; use additionalProperties there"
METASCHEMA = SchemaValidator(Draft202012Validator.META_SCHEMA)
ANNOTATIONS = {
    *(
        "$anchor",
        "$comment",
        "$id",
        "$schema",
        "$vocabulary",
        "contentEncoding",
        "contentMediaType",
    ),
    *("contentSchema", "default", "definitions", "deprecated", "description", "else", "examples"),
    *("$defs", "maxContains", "minContains", "readOnly", "then", "title", "writeOnly"),
}
KEYWORDS = {*Draft202012Validator.VALIDATORS, *ANNOTATIONS}
DESCRIBES = KEYWORDS - ANNOTATIONS - {"type", "format"}
"""Keywords by which a schema says anything about parameters."""
PARAMETER = 'if it is a parameter, write {{"properties": {{"{}": …}}}}'
DESCRIBES_NOTHING = (
    'it describes nothing; name the parameters, as in {"properties": {"day": {"type": "string"}}}, '
    "or leave the schema out"
)
TYPES = "use one of: array, boolean, integer, null, number, object, string"
TYPES_MEANT = {
    "date": "for a date, write type: string, format: date",
    "datetime": "for a moment, write type: string, format: date-time",
    "time": "for a time, write type: string, format: time",
    "email": "for an address, write type: string, format: email",
    "float": "write type: number",
    "int": "write type: integer",
    "bool": "write type: boolean",
    "str": "write type: string",
    "text": "write type: string",
    "list": "write type: array",
    "dict": "write type: object",
}
NAMES_SCHEMAS = {
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
    "dependencies",
}
"""Keywords of objects whose keys are names, and whose values are schemas."""
SHOWS_VALUES = {
    "default": "a default",
    "enum": "an enum",
    "const": "a const",
    "examples": "examples",
}
"""Keywords with values of a parameter, which everybody sees who sees the template."""

Path = tuple[str | int, ...]
Schema = dict[str, Any]


def dotted(path: Any) -> str:
    """Return where something stands, such as `properties.token.writeOnly`."""
    return ".".join(map(str, path))


def subschemas(schema: object) -> Iterator[tuple[Path, Schema]]:
    """Yield each object of a schema that is a schema itself, with where it stands."""
    level: list[tuple[Path, object]] = [((), schema)]
    while level:
        path, part = level.pop()
        if isinstance(part, dict):
            yield path, part
            level += _below(path, part)
        elif isinstance(part, list):
            level += [((*path, number), each) for number, each in enumerate(part)]


def _below(path: Path, part: Schema) -> Iterator[tuple[Path, object]]:
    for word, value in part.items():
        if word in NAMES_SCHEMAS and isinstance(value, dict):
            yield from (((*path, word, name), each) for name, each in value.items())
        elif word not in SHOWS_VALUES:
            yield (*path, word), value


def malformed(schema: object) -> Iterator[str]:
    """Yield why something is no schema of parameters at all, or one that is too large."""
    if is_larger(schema, MOST_VALUES):
        yield f"the schema is too large: it may have at most {MOST_VALUES:,} values"
        return
    try:
        with limited(SCHEMA_SECONDS):
            error = next(METASCHEMA.iter_errors(schema), None)
    except Uncheckable as exc:
        yield str(exc)
        return
    if error:
        yield ": ".join(filter(None, [dotted(error.absolute_path), _why_malformed(error)]))
    elif not isinstance(schema, dict) or schema.get("type", "object") != "object":
        yield "the schema must describe an object: set type: object and its properties"


def _why_malformed(error: ValidationError) -> str:
    path = list(error.absolute_path)
    if path[-1:] == ["type"] and path[-2:-1] != ["properties"] and isinstance(error.instance, str):
        return f"{error.instance!r} is no type; {TYPES_MEANT.get(error.instance.lower(), TYPES)}"
    return worded(error)


def _unknown_keywords(schema: Schema) -> list[str]:
    return [word for word in schema if word not in KEYWORDS and not word.startswith(("x-", "$"))]


def mistyped_keywords(schema: Schema) -> Iterator[str]:
    """Yield the unknown keywords of a schema that resemble a known one."""
    for word in _unknown_keywords(schema):
        if nearest(word, KEYWORDS):
            yield f"{word}: no keyword of JSON Schema; {suggested(word, KEYWORDS)}"


def undescriptive(schema: Schema) -> Iterator[str]:
    """Yield the unknown keywords of a schema, mostly parameters, or that it describes nothing."""
    unknown = _unknown_keywords(schema)
    says_something = any(schema.get(word, {}) != {} for word in DESCRIBES)
    yield from mistyped_keywords(schema)
    for word in unknown:
        is_parameter = isinstance(schema[word], dict) or not says_something
        if is_parameter and not nearest(word, KEYWORDS):
            yield f"{word}: no keyword of JSON Schema; {PARAMETER.format(word)}"
    if not (unknown or says_something):
        yield DESCRIBES_NOTHING


def unavailable(schema: Schema) -> Iterator[str]:
    """Yield which keywords are not available in a schema of parameters."""
    found = list(subschemas(schema))
    for path, part in found:
        for word in UNAVAILABLE_KEYWORDS & part.keys():
            yield f"{dotted((*path, word))}: {word} is not available"
    # jsonschema would search for what is evaluated with re, which has no time limit.
    if any("unevaluatedProperties" in part for _, part in found):
        for path, part in found:
            if "patternProperties" in part:
                yield f"{dotted((*path, 'patternProperties'))}: {NOT_BOTH}"


def misplaced_secrets(schema: Schema) -> Iterator[str]:
    """Yield where `writeOnly` stands but keeps nothing secret, and what to do instead."""
    for path, part in subschemas(schema):
        is_parameter = len(path) == 2 and path[0] == "properties"
        if part.get(SECRET_KEYWORD) and not is_parameter:
            yield (
                f"{dotted((*path, SECRET_KEYWORD))}: only a text directly below properties can be "
                "a secret; make it a parameter of its own, such as "
                '{"properties": {"token": {"type": "string", "writeOnly": true}}}'
            )


def pattern_problems(schema: Schema) -> Iterator[str]:
    """Yield the first pattern that is not available, or takes long on a text that nearly fits."""
    with limited(SCHEMA_SECONDS):
        problem = next(filter(None, starmap(_pattern_problem, _patterns(schema))), None)
    if problem:
        yield problem


def _pattern_problem(path: Path, pattern: str) -> str | None:
    try:
        slow = probe(pattern)
    except Uncheckable as exc:
        return f"{dotted(path)}: {exc}"
    return slow and f"{dotted(path)}: takes too long, as on {slow[:20]!r}…: {REMEDY}"


def _patterns(schema: Schema) -> Iterator[tuple[Path, str]]:
    for path, part in subschemas(schema):
        if "pattern" in part:
            yield (*path, "pattern"), part["pattern"]
        for pattern in part.get("patternProperties", ()):
            yield (*path, "patternProperties", pattern), pattern


def is_larger(value: object, most: int) -> bool:
    """Return True if JSON consists of more than so many objects, lists, texts and numbers."""
    level, count = [value], 0
    while level and count <= most:
        count += len(level)
        level = [child for each in level for child in _children(each)]
    return count > most


def _children(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []

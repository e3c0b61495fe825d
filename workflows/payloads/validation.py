"""Compares values with JSON Schemas, within a budget: whatever is wrong is a text."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, validators

# The search of jsonschema, whose keywords then look each name up in a list: quadratic.
from jsonschema._utils import (
    find_evaluated_item_indexes_by_schema,
    find_evaluated_property_keys_by_schema,
)
from jsonschema.exceptions import ValidationError

from workflows.payloads.budget import Uncheckable, budget, limited
from workflows.payloads.patterns import matches

LONGEST_ERROR = 300
# In JSON Schema, 60.0 is an integer.
STRICT_INTEGERS = Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: type(value) is int
)
FORMATS = FormatChecker(("date", "email", "ipv4", "ipv6", "time", "uuid"))

Errors = Iterator[ValidationError]
Keyword = Callable[[Any, Any, Any, Any], Any]
STOCK: Mapping[str, Keyword] = Draft202012Validator.VALIDATORS


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Errors:
    if isinstance(instance, str) and not matches(pattern, instance):
        yield ValidationError(f"{instance[:LONGEST_ERROR]!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _: Any) -> Errors:
    if not isinstance(instance, dict):
        return
    for pattern, schema in patterns.items():
        for name, value in instance.items():
            if matches(pattern, name):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, schema: Any, instance: Any, parent: Any) -> Errors:
    if isinstance(instance, dict):
        known, patterns = parent.get("properties", {}), parent.get("patternProperties", {})
        additional = {
            name: value
            for name, value in instance.items()
            if name not in known and not any(matches(pattern, name) for pattern in patterns)
        }
        yield from STOCK["additionalProperties"](validator, schema, additional, {})


def _unevaluated_properties(validator: Any, schema: Any, instance: Any, parent: Any) -> Errors:
    if isinstance(instance, dict):
        seen = set(find_evaluated_property_keys_by_schema(validator, instance, parent))
        left = {name: value for name, value in instance.items() if name not in seen}
        yield from STOCK["additionalProperties"](validator, schema, left, {})


def _unevaluated_items(validator: Any, schema: Any, instance: Any, parent: Any) -> Errors:
    if isinstance(instance, list):
        seen = set(find_evaluated_item_indexes_by_schema(validator, instance, parent))
        left = [item for index, item in enumerate(instance) if index not in seen]
        yield from STOCK["items"](validator, schema, left, {})


def _unique_items(_: Any, is_unique: Any, instance: Any, __: Any) -> Errors:
    items = instance if is_unique and isinstance(instance, list) else []
    if len(set(map(_hashable, items))) < len(items):
        yield ValidationError("has the same item twice")


def _hashable(value: Any) -> Any:
    """Return JSON so that equal values are equal: 1 is 1.0, and true is not 1."""
    if isinstance(value, dict):
        return ("object", frozenset((key, _hashable(child)) for key, child in value.items()))
    if isinstance(value, list):
        return ("array", tuple(map(_hashable, value)))
    if isinstance(value, bool | None):
        return (value,)
    # As a text, since numbers can be chosen so that their hashes are equal.
    return value if isinstance(value, str) else (str(int(value) if value == int(value) else value),)


def _within_budget(word: str, keyword: Keyword) -> Keyword:
    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Errors:
        budget().seconds_left()
        try:
            for error in keyword(validator, value, instance, schema) or ():
                budget().count_error()
                error.message = error.message[:LONGEST_ERROR]
                error.args = (error.message,)  # which keep the whole text otherwise
                yield error
        except Uncheckable:
            raise
        # Whatever a schema makes of numbers and types that it was not written for.
        except Exception as exc:
            raise Uncheckable(f"{word} cannot be checked ({type(exc).__name__})") from exc

    return check


OURS = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "unevaluatedProperties": _unevaluated_properties,
    "unevaluatedItems": _unevaluated_items,
    "uniqueItems": _unique_items,
}
LIMITED = {word: _within_budget(word, keyword) for word, keyword in {**STOCK, **OURS}.items()}
SchemaValidator = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, LIMITED
)
"""Compares schemas with the schema of schemas."""
ParameterValidator = validators.extend(  # type: ignore[no-untyped-call]
    SchemaValidator, type_checker=STRICT_INTEGERS
)
"""Compares parameters with their schema."""
Validator = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, type_checker=STRICT_INTEGERS
)
"""For schemas of our own, which need no budget."""


def errors_of(schema: Mapping[str, Any], value: object, *, most: int) -> list[ValidationError]:
    """
    Return the first errors of a value.

    :raises Uncheckable: if the schema and the value cannot be compared within the budget.
    """
    with limited():
        try:
            validator = ParameterValidator(schema, format_checker=FORMATS)
            return list(islice(validator.iter_errors(value), most))
        except Uncheckable:
            raise
        # Such as a wrong `$id`, or a schema that an earlier release accepted.
        except Exception as exc:
            raise Uncheckable(f"the schema cannot be used ({type(exc).__name__})") from exc

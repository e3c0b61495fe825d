"""Fields and validators that several models use."""

from math import isfinite
from typing import Any

from django.core.exceptions import ValidationError

from runners.fields import ReadableJSONField
from workflows.models.bounds import cut_texts

DEEPEST_JSON = 50


def check_json(value: object) -> None:
    """
    Accept JSON that both databases can store; recursion would fail on what is nested deeply.

    :raises ValidationError: on NUL characters, lone surrogates, NaN, infinity or absurd depth.
    """
    level = [value]
    for _ in range(DEEPEST_JSON):
        for item in level:
            _check_item(item)
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise ValidationError(f"is nested deeper than {DEEPEST_JSON} levels")


def check_json_object(value: object) -> None:
    """
    Accept a JSON object.

    :raises ValidationError: if it is anything else.
    """
    if not isinstance(value, dict):
        raise ValidationError('must be an object, such as {"key": "value"}')
    check_json(value)


def _check_item(item: object) -> None:
    if isinstance(item, str):
        _check_text(item)
    if isinstance(item, float) and not isfinite(item):
        raise ValidationError("contains NaN or an infinite number, which JSON does not have")


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ValidationError("contains a NUL character, which cannot be stored")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValidationError("contains a lone surrogate, which cannot be stored")


def _children(item: object) -> list[Any]:
    if isinstance(item, dict):
        return [*item.keys(), *item.values()]
    return item if isinstance(item, list) else []


class DetailsField(ReadableJSONField):
    """JSON whose texts are for people, and cut as those of a `MessageField`."""

    def get_prep_value(self, value: Any) -> Any:
        """Cut what is stored."""
        return cut_texts(super().get_prep_value(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Cut what an older release has stored."""
        return cut_texts(super().from_db_value(value, expression, connection))


class JSONObjectField(ReadableJSONField):
    """A JSON field that holds an object."""

    default_validators = [check_json_object]

    def deconstruct(self) -> Any:
        """Return the field as itself, as it stands in the migrations."""
        name, _, args, kwargs = super().deconstruct()
        return name, f"{type(self).__module__}.{type(self).__qualname__}", args, kwargs

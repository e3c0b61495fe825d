"""Serializers and fields of request bodies. They convert no types: "1" is not a number."""

from typing import Any, ClassVar, TypeVar

from django.db import models
from rest_framework import ISO_8601, serializers
from rest_framework.exceptions import ValidationError

from workflows.api.wording import reword
from workflows.payloads.suggestions import unknown

Row = TypeVar("Row", bound=models.Model)


class Moment(serializers.DateTimeField):
    """A moment, as ISO 8601 writes it; in UTC, which is the time zone of all views."""

    format = ISO_8601
    input_formats = (ISO_8601,)


class RowAnswer(serializers.ModelSerializer[Row]):
    """A row, with fields that are written alike whatever the project's `REST_FRAMEWORK` says."""

    serializer_field_mapping: ClassVar = {
        # Large ones, too, which others may get as texts.
        column: serializers.IntegerField if issubclass(kind, serializers.IntegerField) else kind
        for column, kind in serializers.ModelSerializer.serializer_field_mapping.items()
    } | {models.DateTimeField: Moment}


class StrictCharField(serializers.CharField):
    """Accepts JSON strings only."""

    def to_internal_value(self, data: Any) -> str:
        """Return a string; anything else is invalid."""
        return super().to_internal_value(data) if isinstance(data, str) else self.fail("invalid")


class StrictIntegerField(serializers.IntegerField):
    """Accepts JSON numbers without a fraction only."""

    def to_internal_value(self, data: Any) -> int:
        """Return an integer; anything else is invalid."""
        return data if type(data) is int else self.fail("invalid")


class StrictBooleanField(serializers.BooleanField):
    """Accepts JSON booleans only."""

    def to_internal_value(self, data: Any) -> bool:
        """Return true or false; anything else is invalid."""
        return data if isinstance(data, bool) else self.fail("invalid", input=data)


class ObjectField(serializers.DictField):
    """A JSON object; what a row has in its place is shown as it is, and fails no list."""

    def to_representation(self, value: Any) -> Any:
        """Return the object, or whatever somebody has stored instead."""
        return super().to_representation(value) if isinstance(value, dict) else value


class WordedSerializer(serializers.Serializer[Any]):
    """Says in our words what is wrong with a value."""

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with these words."""
        fields = super().get_fields()
        for field in fields.values():
            reword(field)
        return fields


class StrictSerializer(WordedSerializer):
    """Refuses unknown fields; the error names them together with all other wrong fields."""

    def to_internal_value(self, data: Any) -> Any:
        """Validate the fields and collect the errors of all of them."""
        known = [name for name, field in self.fields.items() if not field.read_only]
        unnamed = {name: [unknown("field", name, known)] for name in data if name not in known}
        try:
            values = super().to_internal_value(data)
        except ValidationError as exc:
            raise ValidationError({**exc.detail, **unnamed}) from None  # type: ignore[dict-item]
        if unnamed:
            raise ValidationError(unnamed)
        return values


class ReasonBody(StrictSerializer):
    """Why an operator does something."""

    reason = StrictCharField(required=False, allow_blank=True, max_length=2_000)


class RequiredReasonBody(StrictSerializer):
    """Why an operator overrides what runners say, which nobody may do without a word."""

    reason = StrictCharField(max_length=2_000)


def validated(serializer_class: type[StrictSerializer], data: Any) -> dict[str, Any]:
    """
    Return the validated fields of a body or query.

    :raises ValidationError: naming each field that is wrong.
    """
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    fields: dict[str, Any] = serializer.validated_data
    return fields

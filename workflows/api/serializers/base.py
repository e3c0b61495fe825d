"""What may be sent. Types are JSON's own: no number is a text, no "yes" is a boolean."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request


class Text(serializers.CharField):
    """A JSON string."""

    def to_internal_value(self, data: Any) -> str:
        """Take strings only."""
        return super().to_internal_value(data) if isinstance(data, str) else self.fail("invalid")


class Integer(serializers.IntegerField):
    """A JSON number without a fraction."""

    def to_internal_value(self, data: Any) -> int:
        """Take integers only."""
        return data if type(data) is int else self.fail("invalid")


class Switch(serializers.BooleanField):
    """A JSON boolean."""

    def to_internal_value(self, data: Any) -> bool:
        """Take true and false only."""
        return data if isinstance(data, bool) else self.fail("invalid", input=data)


class Strict(serializers.Serializer[Any]):
    """A body: a field that it does not have is refused by name, together with all that is wrong."""

    def to_internal_value(self, data: Any) -> Any:
        """Read the fields; every problem is named at once."""
        known = [name for name, field in self.fields.items() if not field.read_only]
        text = f"Unknown field; known are: {', '.join(known)}."
        unknown = {name: [text] for name in data if name not in known}
        try:
            values = super().to_internal_value(data)
        except ValidationError as exc:
            raise ValidationError({**exc.detail, **unknown}) from None  # type: ignore[dict-item]
        if unknown:
            raise ValidationError(unknown)
        return values


class ReasonBody(Strict):
    """Why an operator does something."""

    reason = Text(required=False, allow_blank=True, max_length=2_000)


def read(body: type[Strict], request: Request) -> dict[str, Any]:
    """
    Return the checked fields of a request's body.

    :raises ValidationError: naming each field that is wrong.
    """
    return checked(body, request.data)


def checked(body: type[Strict], data: Any) -> dict[str, Any]:
    """
    Return the checked fields of some data.

    :raises ValidationError: naming each field that is wrong.
    """
    serializer = body(data=data)
    serializer.is_valid(raise_exception=True)
    fields: dict[str, Any] = serializer.validated_data
    return fields

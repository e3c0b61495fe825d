"""Parsers of request bodies, before any serializer sees them."""

from collections.abc import Mapping
from functools import partial
from typing import IO, Any

from django.core.exceptions import ValidationError as JSONError
from rest_framework import parsers
from rest_framework.exceptions import ParseError, ValidationError

from runners.bodies import read_object
from runners.http import is_reported
from workflows.models.fields import check_json

CHUNK = 65_536
"""Bytes of a callback that are read at a time."""


class JSONParser(parsers.JSONParser):
    """Accepts JSON objects whose values can be stored and returned."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """
        Parse a body.

        :raises ParseError: if it is not valid JSON, or not an object.
        :raises ValidationError: naming the fields whose values cannot be stored.
        """
        try:
            body = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None
        if not isinstance(body, dict):
            raise ParseError('The body must be a JSON object, such as {"name": "value"}.')
        if problems := self.problems(body):
            raise ValidationError(problems)
        return body

    def problems(self, body: dict[str, Any]) -> dict[str, list[str]]:
        """Return the errors of values that cannot be stored, by field."""
        return dict(filter(None, map(_problem, body.items())))


class CallbackParser(parsers.BaseParser):
    """Accepts any JSON object, of any size: runners send unknown fields, and long logs."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """
        Parse a callback piece by piece; what is too large to be kept is cut or left out.

        :raises ParseError: if it is not a JSON object.
        """
        try:
            return read_object(iter(partial(stream.read, CHUNK), b""), is_reported)
        except ValueError as exc:
            raise ParseError(f"JSON parse error - {exc}") from None


def _problem(field: tuple[str, Any]) -> tuple[str, list[str]] | None:
    name, value = field
    try:
        check_json([name, value])
    except JSONError as exc:
        # The field's name may itself be text that a response cannot hold.
        return name.encode("ascii", "backslashreplace").decode(), [f"This field {exc.message}."]
    return None

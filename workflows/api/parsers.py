"""Bodies, before any field of them is looked at."""

from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import ValidationError as JSONError
from rest_framework import parsers
from rest_framework.exceptions import ParseError, ValidationError

from workflows.models.fields import check_json


class JSONParser(parsers.JSONParser):
    """Takes JSON objects that can be stored and echoed."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """
        Read a body.

        :raises ParseError: if it is no JSON, or no object.
        :raises ValidationError: naming the fields that hold what cannot be stored.
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
        """Return what cannot be stored, by field."""
        return dict(filter(None, map(_problem, body.items())))


class TolerantJSONParser(JSONParser):
    """Takes any JSON object: runners say more than we know, and it is cleaned where it is used."""

    def problems(self, body: dict[str, Any]) -> dict[str, list[str]]:
        """Find none."""
        return {}


def _problem(field: tuple[str, Any]) -> tuple[str, list[str]] | None:
    name, value = field
    try:
        check_json([name, value])
    except JSONError as exc:
        # The name itself may be what no answer can hold.
        return name.encode("ascii", "backslashreplace").decode(), [f"This field {exc.message}."]
    return None

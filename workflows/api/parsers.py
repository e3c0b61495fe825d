"""Parsers of request bodies, before any serializer sees them."""

from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import ValidationError as JSONError
from rest_framework import parsers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.utils import json

from runners.kept_values import has_more_items
from workflows.authoring.yaml_json import short_int, unique_keys
from workflows.limits import MOST_ITEMS
from workflows.models.fields import check_json

NOT_JSON = "The body is not valid JSON"


class JSONParser(parsers.BaseParser):
    """
    Accepts JSON objects whose values can be stored and returned.

    Not a subclass of the framework's own: the body would be read by Django, which refuses what is
    larger than the project's `DATA_UPLOAD_MAX_MEMORY_SIZE`.
    """

    media_type = "application/json"

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
        content = stream.read()
        if has_more_items(content.decode(errors="replace"), MOST_ITEMS):
            raise ParseError(f"The body has more than {MOST_ITEMS:,} values.")
        try:
            encoding = (parser_context or {}).get("encoding", "utf-8")
            body = json.loads(
                content.decode(encoding), object_pairs_hook=unique_keys, parse_int=short_int
            )
        except RecursionError:
            raise ParseError(f"{NOT_JSON}: nested too deeply") from None
        except UnicodeDecodeError:
            raise ParseError(f"{NOT_JSON}: it is not text in UTF-8.") from None
        except (LookupError, ValueError) as exc:
            raise ParseError(f"{NOT_JSON}: {exc}") from None
        if not isinstance(body, dict):
            raise ParseError('The body must be a JSON object, such as {"name": "value"}.')
        if problems := self.problems(body):
            raise ValidationError(problems)
        return body

    def problems(self, body: dict[str, Any]) -> dict[str, list[str]]:
        """Return the errors of values that cannot be stored, by field."""
        return dict(filter(None, map(_problem, body.items())))


class CallbackParser(parsers.BaseParser):
    """Stands for the type of a callback's body, which its view reads by itself."""

    media_type = "application/json"


def _problem(field: tuple[str, Any]) -> tuple[str, list[str]] | None:
    name, value = field
    try:
        check_json([name, value])
    except JSONError as exc:
        # The field's name may itself be text that a response cannot hold.
        return name.encode("ascii", "backslashreplace").decode(), [f"This field {exc.message}."]
    return None

"""Pagination of lists."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
MAX_OFFSET = 2**63 - 1
PAGES = ("limit", "offset")
"""The parameters of a page."""


class StrictPagination(LimitOffsetPagination):
    """`?limit=` and `?offset=`; a wrong value is refused instead of replaced by the default."""

    limit_query_description = f"Results per page: 1 to {MAX_LIMIT}; default {DEFAULT_LIMIT}."
    offset_query_description = "Results to skip before this page."

    def problems(self, request: Request) -> dict[str, Any]:
        """Return what is wrong with the two parameters, so that lists name all errors at once."""
        found: dict[str, Any] = {}
        for read in (self.get_limit, self.get_offset):
            try:
                read(request)
            except ValidationError as exc:
                found |= dict(exc.detail)  # type: ignore[arg-type]  # it is by parameter
        return found

    def get_limit(self, request: Request) -> int:
        """Return the number of rows in a page."""
        return _whole_number(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)

    def get_offset(self, request: Request) -> int:
        """Return the number of rows before the page."""
        return _whole_number(request, "offset", 0, 0, MAX_OFFSET)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the two parameters and their ranges."""
        limit, offset = super().get_schema_operation_parameters(view)
        limit["schema"] |= {"minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        offset["schema"] |= {"minimum": 0, "maximum": MAX_OFFSET, "default": 0}
        return [limit, offset]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page."""
        columns = {
            "count": {"type": "integer", "description": "How many rows there are on all pages."},
            "next": _link("The address of the next page; null: this is the last one."),
            "previous": _link("The address of the page before; null: this is the first one."),
            "results": {**schema, "description": "The rows of this page."},
        }
        return {
            "type": "object",
            "description": "One page of a list.",
            "properties": columns,
            "required": list(columns),
        }


def _link(text: str) -> dict[str, Any]:
    return {"type": ["string", "null"], "format": "uri", "description": text}


def _whole_number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    # int() also accepts signs, spaces and underscores, and raises on more than 4,300 digits.
    if text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most:
        return int(text)
    raise ValidationError({name: [f"Give a whole number from {least} to {most}."]})

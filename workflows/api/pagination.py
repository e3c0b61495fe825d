"""Lists: a page at a time, and only filters that exist."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1_000
LARGEST_OFFSET = 2**63 - 1


class Page(LimitOffsetPagination):
    """`?limit=` and `?offset=`; a wrong one is refused instead of replaced."""

    limit_query_description = f"Results per page: 1 to {LARGEST_LIMIT}; else {DEFAULT_LIMIT}."
    offset_query_description = "Results before this page."

    def get_limit(self, request: Request) -> int:
        """Return how many rows a page has."""
        return _whole_number(request, "limit", DEFAULT_LIMIT, 1, LARGEST_LIMIT)

    def get_offset(self, request: Request) -> int:
        """Return how many rows come before the page."""
        return _whole_number(request, "offset", 0, 0, LARGEST_OFFSET)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe what is accepted."""
        limit, offset = super().get_schema_operation_parameters(view)
        limit["schema"] |= {"minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
        offset["schema"] |= {"minimum": 0, "maximum": LARGEST_OFFSET, "default": 0}
        return [limit, offset]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page."""
        link = {"type": ["string", "null"], "format": "uri"}
        columns = {"count": {"type": "integer"}, "next": link, "previous": link, "results": schema}
        return {"type": "object", "properties": columns, "required": list(columns)}


def _whole_number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    # Python's int() takes more than digits, and stops at 4,300 of them.
    if text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most:
        return int(text)
    raise ValidationError({name: [f"Give a whole number from {least} to {most}."]})

"""Pagination of lists: pages of any size of list cost the same, however far back they are."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from workflows.db import counting
from workflows.db.counting import Count, counted
from workflows.db.keyset import Keyset, UnknownCursor

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
CURSOR = "cursor"
PAGES = ("limit", "offset", CURSOR)
"""The parameters of a page."""
SPANS = ("after", "before", "created_at_after", "created_at_before")
"""The filters by which one reaches what is far back."""
REMARK = {
    "type": "string",
    "description": "Only if a search has not looked at all rows: at which, and what helps.",
}


class StrictPagination(LimitOffsetPagination):
    """
    `?limit=` and `?offset=`, and links that carry a cursor.

    A wrong value is refused instead of replaced by the default. Whoever follows `next` gets every
    row once: what lies behind a row is found by its key, not by counting the rows before it.
    """

    limit_query_description = f"Results per page: 1 to {MAX_LIMIT}; default {DEFAULT_LIMIT}."
    offset_query_description = (
        "Results to skip before this page. To read all of a long list, follow `next`."
    )

    request: Request
    count: Count  # type: ignore[assignment]
    limit: int
    offset: int
    page: Sequence[Any]
    keyset: Keyset

    def problems(self, request: Request) -> dict[str, Any]:
        """Return what is wrong with the parameters, so that lists name all errors at once."""
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
        text = request.query_params.get("offset", "0")
        if _is_whole(text) and int(text) > counting.MOST_COUNTED:
            raise ValidationError({"offset": [_too_far(request)]})
        offset = _whole_number(request, "offset", 0, 0, counting.MOST_COUNTED)
        if offset and CURSOR in request.query_params:
            raise ValidationError({"offset": [f"Leave it out: the {CURSOR} says where to begin."]})
        return offset

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return the rows of the page that the parameters name."""
        self.request = request
        self.limit, self.offset = self.get_limit(request), self.get_offset(request)
        self.count = counted(queryset)
        self.keyset = Keyset(queryset)
        self._read(queryset, request.query_params.get(CURSOR))
        return list(self.page)

    def _read(self, rows: QuerySet[Any], cursor: str | None) -> None:
        # One row more than is shown says whether another page follows in that direction.
        size = self.limit + 1
        if cursor is None:
            found, backwards = list(rows[self.offset : self.offset + size]), False
        else:
            try:
                found, backwards = self.keyset.page(cursor, size)
            except UnknownCursor as exc:
                text = "Not a cursor of this list: take it from `next`, or leave it out."
                raise ValidationError({CURSOR: [text]}) from exc
        more = len(found) > self.limit
        shown = found[: self.limit]
        self.page = shown[::-1] if backwards else shown
        self._has_next = backwards or more
        self._has_previous = more if backwards else cursor is not None

    def get_paginated_response(self, data: Any) -> Response:
        """Respond with a page; if a search has not looked at all rows, it says so."""
        remark = getattr(self.request, "search_remark", "")
        return Response(
            {
                "count": self.count.number,
                "count_is_estimate": self.count.is_estimate,
                "next": self.get_next_link(),
                "previous": self.get_previous_link(),
                **({"remark": remark} if remark else {}),
                "results": data,
            }
        )

    def get_next_link(self) -> str | None:
        """Return the address of the next page."""
        if not (self._has_next and self.page):
            return None
        return self._at(self.keyset.cursor(self.page[-1]))

    def get_previous_link(self) -> str | None:
        """Return the address of the page before."""
        if CURSOR not in self.request.query_params:
            return super().get_previous_link()
        if not (self._has_previous and self.page):
            return None
        return self._at(self.keyset.cursor(self.page[0], backwards=True))

    def _at(self, cursor: str) -> str:
        url = remove_query_param(self.request.build_absolute_uri(), "offset")
        url = replace_query_param(url, "limit", self.limit)
        return replace_query_param(url, CURSOR, cursor)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameters and their ranges."""
        limit, offset = super().get_schema_operation_parameters(view)
        limit["schema"] |= {"minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        offset["schema"] |= {"minimum": 0, "maximum": counting.MOST_COUNTED, "default": 0}
        text = "Where the page begins, as `next` and `previous` name it."
        cursor = {
            "name": CURSOR,
            "required": False,
            "in": "query",
            "description": text,
            "schema": {"type": "string"},
        }
        return [limit, offset, cursor]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page."""
        columns = {
            "count": {"type": "integer", "description": "How many rows there are on all pages."},
            "count_is_estimate": {
                "type": "boolean",
                "description": "True if there are more than "
                f"{counting.MOST_COUNTED:,}: `count` is then an estimate.",
            },
            "next": _link("The address of the next page; null: this is the last one."),
            "previous": _link("The address of the page before; null: this is the first one."),
            "results": {**schema, "description": "The rows of this page."},
        }
        return {
            "type": "object",
            "description": "One page of a list.",
            "properties": {**columns, "remark": REMARK},
            "required": list(columns),
        }


def _too_far(request: Request) -> str:
    view = request.parser_context["view"]
    known = [name for name in SPANS if name in view.filterset_class.base_filters]
    spans = f", or narrow the list by {' or '.join(known)}" if known else ""
    return f"At most {counting.MOST_COUNTED:,} rows can be skipped: follow `next`{spans}."


def _link(text: str) -> dict[str, Any]:
    return {"type": ["string", "null"], "format": "uri", "description": text}


def _whole_number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if _is_whole(text) and least <= int(text) <= most:
        return int(text)
    raise ValidationError({name: [f"Give a whole number from {least} to {most}."]})


def _is_whole(text: str) -> bool:
    # int() also accepts signs, spaces and underscores, and raises on more than 4,300 digits.
    return text.isascii() and text.isdigit() and len(text) < 20

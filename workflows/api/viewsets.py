"""The view set that all resources share: a list, and one row by its id."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from workflows.api.base import OwnViewSet
from workflows.errors import NotFound
from workflows.models.actor import Actor

Row = TypeVar("Row", bound=Model)


class ReadOnlyViewSet(OwnViewSet[Row]):
    """Lists and reads the rows of a model; subclasses add what else can be done with them."""

    lookup_value_converter = "int"
    queryset: QuerySet[Row]
    serializer_class: type[serializers.BaseSerializer[Any]]

    def list(self, request: Request) -> Response:
        """List the rows that match all filters, one page at a time."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.serialize(page or []))

    def retrieve(self, request: Request, pk: int) -> Response:
        """Read one row."""
        return self.detail_response(pk)

    def detail_response(self, pk: int, status: int = 200) -> Response:
        """Respond with one row as it is now."""
        return Response(self.serialize([self.get_object(pk)])[0], status)

    def get_object(self, pk: int | None = None) -> Row:
        """
        Return the row with this id, or the one that the path names.

        :raises NotFound: if it does not exist.
        """
        pk = self.kwargs["pk"] if pk is None else pk
        row = self.get_queryset().filter(pk=pk).first()
        if row is None:
            raise self.not_found(pk)
        return row

    def not_found(self, pk: int) -> NotFound:
        """Return the error about a row that does not exist."""
        return NotFound(str(self.queryset.model._meta.verbose_name), pk)

    def serialize(self, rows: Sequence[Row]) -> Any:
        """Return the representation of some rows, in a constant number of statements."""
        return self.serializer_class(rows, many=True, context=self.related_data(rows)).data

    def related_data(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Return what the serializer of these rows needs besides them, as its context."""
        return {}


def actor(request: Request) -> Actor:
    """Return who sent a request, as it is recorded in the trail."""
    return Actor.of(request.user, via="API")

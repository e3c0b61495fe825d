"""What all resources have in common: a list, and one row by its id."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from workflows.api.permissions import ModelPermission
from workflows.errors import NotFound
from workflows.models.actor import Actor

Row = TypeVar("Row", bound=Model)
Facts = dict[str, Any]
"""What the answers of a whole page need besides its rows, read in a few statements."""


class Resource(GenericViewSet[Row]):
    """Rows that are listed, filtered and read."""

    permission_classes = [ModelPermission]
    lookup_value_converter = "int"
    queryset: QuerySet[Row]
    serializer_class: type[serializers.BaseSerializer[Any]]

    def list(self, request: Request) -> Response:
        """List those that match all filters, a page at a time."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.described(page or []))

    def retrieve(self, request: Request, pk: int) -> Response:
        """Read one."""
        return self.answer(pk)

    def answer(self, pk: int, status: int = 200) -> Response:
        """Answer with one row as it is now."""
        return Response(self.described([self.row(pk)])[0], status)

    def row(self, pk: int) -> Row:
        """
        Return one row.

        :raises NotFound: if there is none.
        """
        row = self.get_queryset().filter(pk=pk).first()
        if row is None:
            raise NotFound(str(self.queryset.model._meta.verbose_name), pk)
        return row

    def described(self, rows: Sequence[Row]) -> Any:
        """Return the answers for some rows, in a constant number of statements."""
        return self.serializer_class(rows, many=True, context=self.facts(rows)).data

    def facts(self, rows: Sequence[Row]) -> Facts:
        """Return what the answers of these rows need besides."""
        return {}


def actor(request: Request) -> Actor:
    """Return who acts, as the trail names them."""
    return Actor.of(request.user, via="API")

"""Conditions on columns of which few values are frequent: their indexes hold all other rows."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, Value

CONSTANT = re.compile("[a-z_.]*")


class Literal(Value):
    """
    A constant written into the SQL itself.

    A parameter never matches a partial index; and a plan that is kept for any span of time or any
    state suits neither the longest nor the rarest.
    """

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """Return a number, a moment or a word as SQL."""
        if isinstance(self.value, datetime):
            return f"'{connection.ops.adapt_datetimefield_value(self.value)}'", []
        return f"{self.value}" if isinstance(self.value, int) else f"'{self.value}'", []


def rare(column: str, frequent: Collection[str]) -> Q:
    """Return the condition of an index of all rows but those with a frequent value."""
    return ~Q(**{f"{column}__in": tuple(frequent)})


def among(model: type[Model], column: str, values: Collection[str]) -> Q:
    """
    Return the condition of rows that have one of some values, as partial indexes need it.

    The frequent values of a column, which its index leaves out, stand in `FREQUENT` of the model:
    wherever a list begins, a row that has one of them is near.
    """
    frequent: Collection[str] = getattr(model, "FREQUENT", {}).get(column, ())
    found = _is_in(column, values)
    # SQLite uses a partial index only if its condition stands in the query, word by word.
    return found if {*frequent} & {*values} or not frequent else found & ~_is_in(column, frequent)


def _is_in(column: str, values: Collection[str]) -> Q:
    constants = [Literal(each) if CONSTANT.fullmatch(each) else each for each in values]
    return Q(**{f"{column}__in": constants})

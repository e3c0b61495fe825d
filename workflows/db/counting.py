"""How many rows a list has: counted up to a bound, estimated beyond it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from runners.database import connection

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator

MOST_COUNTED = 10_000
"""No request counts more rows, or skips more to show those behind them."""
DIGITS = 2
"""So many digits of an estimate are worth saying."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are."""

    number: int
    is_estimate: bool = False

    def __str__(self) -> str:
        """Return `1,234`, `about 4,000,000` or, if no more is known, `more than 10,000`."""
        words = "about " if self.number > MOST_COUNTED else "more than "
        return f"{words if self.is_estimate else ''}{self.number:,}"


def counted(rows: QuerySet[Any]) -> Count:
    """Return how many rows there are; beyond the bound, how many the planner expects."""
    # In the list's order: by the index that also finds its rows, whatever the planner expects.
    number = rows[: MOST_COUNTED + 1].count()
    if number <= MOST_COUNTED:
        return Count(number)
    return Count(max(MOST_COUNTED, _rounded(_expected(rows.order_by()))), is_estimate=True)


def counts_up_to(most: int, sets: Sequence[QuerySet[Any]]) -> list[int]:
    """Return how many rows each set has, none further than a bound; one statement."""
    if not sets:
        return []
    found = [each.order_by().values("pk")[:most].query.sql_with_params() for each in sets]
    columns = ", ".join(f"(SELECT COUNT(*) FROM ({sql}) AS found)" for sql, _ in found)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", [each for _, given in found for each in given])
        return list(cursor.fetchone())


def _expected(rows: QuerySet[Any]) -> int:
    if connection.vendor != "postgresql":
        return 0  # SQLite's planner does not say
    [found] = json.loads(rows.values("pk").explain(format="json"))
    return int(found["Plan"]["Plan Rows"])


def _rounded(number: int) -> int:
    return round(number, DIGITS - len(str(number)))


class BoundedPaginator(AnyPaginator):
    """Pages of a list of any size: it neither counts nor skips more than the bound."""

    object_list: QuerySet[Any]

    @cached_property
    def counted(self) -> Count:
        """How many rows there are."""
        return counted(self.object_list)

    @cached_property
    def count(self) -> int:
        """How many rows there are, as a number."""
        return self.counted.number

    @property
    def is_cut(self) -> bool:
        """True if there are more rows than pages of them can be opened."""
        return self.count > MOST_COUNTED or self.counted.is_estimate

    @cached_property
    def num_pages(self) -> int:
        """How many pages can be opened."""
        return max(1, -(-min(self.count, MOST_COUNTED) // self.per_page))

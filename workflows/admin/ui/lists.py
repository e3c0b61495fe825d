"""Lists of tables that grow: no page of them counts, sorts or searches all rows."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from workflows.db import counting
from workflows.db.counting import BoundedPaginator
from workflows.models.choices import among

if TYPE_CHECKING:
    AnyAdmin = admin.ModelAdmin[Any]
else:
    AnyAdmin = admin.ModelAdmin

MOST_TOLD = 99
"""No number beside a filter counts further."""
TOO_FAR = (
    "Only the first {:,} rows of a list are shown page by page, and these are the last of them. "
    "Choose a date, a state or a run to see what lies behind, or “Go on from here” below."
)


class BoundedList(ChangeList):
    """A list that is paged through, ordered and searched as far as indexes and bounds go."""

    model_admin: Any
    paginator: BoundedPaginator
    searched = ""
    """Which rows were searched, if there are more."""
    exact = ""
    """The query of all rows that are exactly what was searched for, if an index finds them."""
    go_on: str | None = None
    """The query of the rows behind the last page that can be opened."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Ignore an order by a column whose heading does not offer it."""
        if asked := self.params.get(ORDER_VAR):
            offered = (column for column in asked.split(".") if self._is_offered(column))
            self.params[ORDER_VAR] = ".".join(offered)
        return super().get_ordering(request, queryset)

    def _is_offered(self, column: str) -> bool:
        places = {str(place): each for place, each in enumerate(self.list_display)}
        return places.get(column.removeprefix("-")) in (self.sortable_by or ())

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """Say so if the search has not looked at all rows."""
        rows: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        if getattr(request, "is_search_cut", False):
            self.searched = f"{self.model_admin.most_searched:,} {self.opts.verbose_name_plural}"
            if name := getattr(self.model_admin, "exact_search", ""):
                self.exact = f"?{urlencode({f'{name}__exact': self.query})}"
        return rows

    def get_results(self, request: HttpRequest) -> None:
        """Show the last page that can be opened instead of one behind it, and say so."""
        if self.page_num > 1:  # the first one can always be opened: its rows are counted once
            self._stay_in_bounds(request)
        super().get_results(request)
        if self.paginator.is_cut and self.page_num == self.paginator.num_pages:
            self.go_on = self._behind(list(self.result_list)[-1])

    def _stay_in_bounds(self, request: HttpRequest) -> None:
        pages: Any = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        if pages.is_cut and self.page_num > pages.num_pages:
            self.page_num = pages.num_pages
            text = TOO_FAR.format(counting.MOST_COUNTED)
            self.model_admin.message_user(request, text, messages.WARNING)

    def _behind(self, last: Any) -> str:
        order = str(self.queryset.query.order_by[0])
        name = order.removeprefix("-")
        column = self.lookup_opts.pk.name if name == "pk" else name
        # Two rows of one moment may stand on both sides; one row is rather shown twice than never.
        word = ("lt" if order.startswith("-") else "gt") + ("" if column == "id" else "e")
        value = getattr(last, column)
        text = value.isoformat() if hasattr(value, "isoformat") else value
        return self.get_query_string({f"{column}__{word}": text}, remove=[PAGE_VAR])


class GrowingAdmin(AnyAdmin):
    """A model of which there may be millions of rows."""

    paginator = BoundedPaginator
    sorts: Sequence[str] = ()
    """The columns that have an index of their own; no heading offers another order."""
    # No second count of all rows, no counts beside the filters.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    most_searched = counting.MOST_COUNTED
    exact_search = ""
    """A column with an index, which is searched for exact words however long the list is."""
    dates: Sequence[str] = ()
    """The moments with an index: a list that is filtered by one of them is ordered by it."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows its bounds."""
        return BoundedList

    def get_sortable_by(self, request: HttpRequest) -> list[Any]:
        """Return the columns by which the list may be ordered."""
        shown = self.get_list_display(request)
        return [each for each in shown if getattr(each, "__name__", each) in self.sorts]

    def get_ordering(self, request: HttpRequest) -> Any:
        """Order by the date that the list is filtered by, the latest first."""
        found = (name for name in self.dates if any(f"{name}__" in key for key in request.GET))
        name = next(found, None)
        return [f"-{name}", "-pk"] if name else super().get_ordering(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search the first rows of the list alone: words are in no index."""
        if search_term.strip():
            queryset, is_cut = first_rows(queryset, self.most_searched)
            request.is_search_cut = is_cut  # type: ignore[attr-defined]
        return super().get_search_results(request, queryset, search_term)


def first_rows(rows: QuerySet[Any], bound: int) -> tuple[QuerySet[Any], bool]:
    """Return the first rows of an ordered list, and whether there are more."""
    order = str(rows.query.order_by[0])
    name = order.removeprefix("-")
    if not (beyond := rows.values_list(name, flat=True)[bound : bound + 1]):
        return rows, False
    word = "gt" if order.startswith("-") else "lt"
    return rows.filter(**{f"{name}__{word}": beyond[0]}), True


class ChoiceFilter(admin.ChoicesFieldListFilter):
    """By one or several of the values that a column may have, as its partial index needs it."""

    kind = "chips"

    used_parameters: dict[str, Any]

    def expected_parameters(self) -> list[str | None]:
        """Return the parameters that this filter reads."""
        return [self.lookup_kwarg, f"{self.field_path}__in"]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that have one of the values."""
        column, given = str(self.field_path), self.used_parameters
        chosen = [given[f"{column}__exact"]] if f"{column}__exact" in given else []
        for values in (*chosen, *given.get(f"{column}__in", ())):
            queryset = queryset.filter(among(queryset.model, column, values))
        return queryset

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Say of each value its icon, and how many rows have it, if nothing else narrows them."""
        every, *choices = super().choices(changelist)
        yield every
        values = [value for value, _ in self.field.flatchoices]
        numbers = self._numbers(changelist, values)
        for value, choice, number in zip(values, choices, numbers, strict=False):
            yield {**choice, "icon": value, "number": number, "off": every["query_string"]}

    def _numbers(self, changelist: ChangeList, values: Sequence[str]) -> list[str]:
        if {*changelist.params} - {ORDER_VAR, *self.expected_parameters()}:
            return [""] * len(values)  # how many of the others fit, no index tells
        model = changelist.model
        sets = [
            model._default_manager.filter(among(model, str(self.field_path), [value]))
            for value in values
        ]
        numbers = counting.counts_up_to(MOST_TOLD + 1, sets)
        return [f"{MOST_TOLD}+" if number > MOST_TOLD else f"{number}" for number in numbers]

"""The filter of lists by a span of time: a few that are usual, and any other one."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name, localdate, localtime

from workflows.admin.ui.display import time_shown
from workflows.models.choices import Literal
from workflows.search.moments import read_moment
from workflows.search.syntax import BadSearch

ANY = "Any time"
TYPED = "%Y-%m-%dT%H:%M"
"""A moment as the field of a browser wants it."""


class DateFilter(admin.DateFieldListFilter):
    """By a span of time; rows without the moment are not offered: no index finds them."""

    kind = "span"
    used_parameters: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer spans that stay true, instead of Django's, which begin at moments."""
        super().__init__(*args, **kwargs)
        since, until = self.lookup_kwarg_since, self.lookup_kwarg_until
        month = localdate().replace(day=1).isoformat()
        self.links: Any = (
            (ANY, {}),
            ("Today", {since: "today"}),
            ("Yesterday", {since: "yesterday", until: "today"}),
            ("Last 24 h", {since: "24h"}),
            ("Past 7 days", {since: "7d"}),
            ("This month", {since: month}),
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the span; see `Literal`."""
        for name, moment in self._span().items():
            queryset = queryset.filter(**{name: Literal(moment)})
        return queryset

    def expected_parameters(self) -> list[str | None]:
        """Return the parameters that this filter reads."""
        return [self.lookup_kwarg_since, self.lookup_kwarg_until]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yield the usual spans, and the one that was given if it is none of them."""
        choices = list(super().choices(changelist))
        yield from choices
        if self._span() and not any(choice["selected"] for choice in choices):
            here = changelist.get_query_string()
            yield {"selected": True, "query_string": here, "display": self._shown()}

    def fields(self, changelist: ChangeList) -> dict[str, Any]:
        """Return what the form for another span shows, and what it keeps of the address."""
        span, ours = self._span(), self.expected_parameters()
        ends = ((self.lookup_kwarg_since, "From"), (self.lookup_kwarg_until, "Until"))
        kept = {**changelist.params, "q": changelist.query}
        return {
            "ends": [(name, label, _typed(span.get(str(name)))) for name, label in ends],
            "kept": [(name, text) for name, text in kept.items() if text and name not in ours],
            "zone": get_current_timezone_name(),
        }

    def _span(self) -> dict[str, datetime]:
        given: dict[str, datetime] = {}
        for name in map(str, self.expected_parameters()):
            if text := next(iter(self.used_parameters.get(name, ())), ""):
                given[name] = _read(name, str(text))
        return given

    def _shown(self) -> SafeString:
        span = self._span()
        since, until = (span.get(str(name)) for name in self.expected_parameters())
        if since and until:
            same_day = localtime(since).date() == localtime(until).date()
            end = time_shown(until, "clock" if same_day else "span")
            return format_html("{} – {}", time_shown(since, "span"), end)
        if since:
            return format_html("since {}", time_shown(since, "span"))
        return format_html("until {}", time_shown(until, "span"))


def _read(name: str, text: str) -> datetime:
    try:
        return read_moment(name, text)
    except BadSearch as exc:
        raise IncorrectLookupParameters(exc) from exc


def _typed(moment: datetime | None) -> tuple[str, str]:
    """Return a moment as the site's zone types it, and as every zone understands it."""
    return ("", "") if moment is None else (f"{localtime(moment):{TYPED}}", moment.isoformat())

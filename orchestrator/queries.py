"""Bounds what the address of a request may ask for, before and while a view answers it."""

from collections.abc import Callable, Iterator

from django.contrib.admin.views.main import SEARCH_VAR
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict

from workflows.api.addresses import address_problem

ADMIN = "/admin/"
MOST_PARAMETERS = 100
MOST_WORDS = 20
"""Of a search in the admin: it looks for each word in several columns."""
SLOW_LOOKUPS = {"regex", "iregex"}
"""Lookups that the lists of Django's admin take from the address, without a time limit."""


class BoundedQueries:
    """Refuses addresses that no database, or none in reasonable time, could answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Stand before the other middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Respond 400 if the address asks for too much."""
        problem = next(_problems(request), None)
        return _refusal(request, *problem) if problem else self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        """Respond 400 to a filter of a list with a value that its column cannot have."""
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("_changelist")
        if is_list and request.GET and isinstance(exc, DataError | OverflowError | ValueError):
            return _refusal(request, "query", "A filter in the address has an impossible value.")
        return None


def _problems(request: HttpRequest) -> Iterator[tuple[str, str]]:
    if problem := address_problem(request):
        yield problem
    elif request.path.startswith(ADMIN):  # the lists of the API check their filters themselves
        yield from _problems_of_lists(request.GET)


def _problems_of_lists(query: QueryDict) -> Iterator[tuple[str, str]]:
    if sum(map(len, dict(query.lists()).values())) > MOST_PARAMETERS:
        yield "query", f"At most {MOST_PARAMETERS} parameters may follow the ? of an address."
    for name, values in query.lists():
        if "\0" in "".join([name, *values]):
            yield name, "Null characters are not allowed."
        if not SLOW_LOOKUPS.isdisjoint(name.split("__")):
            yield name, "Regular expressions are not available here."
    if len(query.get(SEARCH_VAR, "").split()) > MOST_WORDS:
        yield SEARCH_VAR, f"Search for at most {MOST_WORDS} words."


def _refusal(request: HttpRequest, name: str, text: str) -> HttpResponse:
    """Respond 400: with a sentence in the admin, as for a wrong field elsewhere."""
    if request.path.startswith(ADMIN):
        return HttpResponse(text, status=400, content_type="text/plain")
    return JsonResponse({name: [text]}, status=400)

"""What no address of a request may have, whichever view answers it."""

from django.http import HttpRequest

LONGEST_QUERY = 20_000
"""Characters behind the question mark of an address."""


def address_problem(request: HttpRequest) -> tuple[str, str] | None:
    """Return what is wrong with the address of a request, and with which part of it."""
    if "\0" in request.path:
        return "path", "The address contains a NUL character."
    if len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY:
        return "query", f"At most {LONGEST_QUERY:,} characters may follow the ? of an address."
    return None

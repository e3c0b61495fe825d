"""Refuses requests that are larger than their path takes, before anything of them is read."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from workflows.api.failures import is_page
from workflows.limits import ELSEWHERE, PAGES, BodyLimit, limit_of

TOO_LARGE = "The body is too large: this path takes at most {:,} bytes{}."


def body_limits(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse bodies that are too large; a middleware behind the one that knows the user."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if _length(request) <= ELSEWHERE.anonymous:  # as little as every path takes
            return get_response(request)
        limit = PAGES if is_page(request) else limit_of(request.path_info)
        return too_large(request, limit) or get_response(request)

    return answer


def too_large(request: HttpRequest, limit: BodyLimit) -> HttpResponse | None:
    """Return the refusal of a body that is too large; None if it may be read."""
    refusal = _refusal(request, limit)
    return JsonResponse({"detail": refusal, "code": "too_large"}, status=413) if refusal else None


def _refusal(request: HttpRequest, limit: BodyLimit) -> str:
    length = _length(request)
    if length > limit.logged_in:
        return TOO_LARGE.format(limit.logged_in, "")
    # Who sends it is looked up only if that matters.
    if length > limit.anonymous and not request.user.is_authenticated:
        return TOO_LARGE.format(limit.anonymous, " before you have logged in")
    return ""


def _length(request: HttpRequest) -> int:
    # Without a length, Django reads nothing. The view of callbacks does, and counts.
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0

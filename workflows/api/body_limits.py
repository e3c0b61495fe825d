"""Refuses requests that are larger than their path takes, before anything of them is read."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from workflows.limits import limit_of

TOO_LARGE = "The body is too large: this path takes at most {:,} bytes{}."


def body_limits(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse bodies that are too large; a middleware behind the one that knows the user."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if refusal := _refusal(request):
            return JsonResponse({"detail": refusal, "code": "too_large"}, status=413)
        return get_response(request)

    return answer


def _refusal(request: HttpRequest) -> str:
    """Return why the body is not read, else ''."""
    # Without a length, Django reads nothing. The view of callbacks does, and counts.
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return ""
    limit = limit_of(request.path_info)
    if length > limit.logged_in:
        return TOO_LARGE.format(limit.logged_in, "")
    # Who sends it is looked up only if that matters.
    if length > limit.anonymous and not request.user.is_authenticated:
        return TOO_LARGE.format(limit.anonymous, " before you have logged in")
    return ""

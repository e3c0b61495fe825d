"""Security headers: content security policy and permissions policy."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

POLICY = "; ".join(
    [
        "default-src 'self'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    ]
)
FEATURES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def headers(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Send a strict content security policy with every page, unless a view sent its own."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if not _is_debug_page(response):
            response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", FEATURES)
        return response

    return answer


def _is_debug_page(response: HttpResponseBase) -> bool:
    """Return True for the debug pages of Django, which have inline styles."""
    return settings.DEBUG and response.status_code in {404, 500}

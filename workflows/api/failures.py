"""The answer to a request that failed: JSON, or a page in the admin, with the request's id."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse

from workflows.sites import current_site, site_at


def failure(request: HttpRequest, status: int, text: str, code: str, *, title: str) -> HttpResponse:
    """Say what is wrong, and under which id the log has more about it."""
    request_id = getattr(request, "request_id", "")
    if is_page(request):
        again = request.get_full_path() if request.method == "GET" and status != 404 else ""
        return HttpResponse(_page(request, title, text, request_id, again), status=status)
    body = {"detail": text, "code": code}
    return JsonResponse(body | ({"request_id": request_id} if request_id else {}), status=status)


def is_page(request: HttpRequest) -> bool:
    """Return True for requests to an admin site, which people read; everything else is JSON."""
    match = request.resolver_match
    if match and getattr(match.func, "answers_json", False):
        return False  # the API, or what a script of a page asks
    return site_at(request) is not None


def _page(request: HttpRequest, title: str, text: str, request_id: str, again: str) -> str:
    """Return a page of the admin that knows neither user nor session: both are in the database."""
    site = site_at(request) or current_site()
    context = {
        "title": title,
        "reason": text,
        "request_id": request_id,
        "again": again,
        "home": reverse("admin:index", current_app=site.name),
        "site_header": site.site_header,
        "site_title": site.site_title,
    }
    return render_to_string("workflows/unavailable.html", context)

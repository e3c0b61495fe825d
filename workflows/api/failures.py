"""The answer to a request that failed: JSON, or a page in the admin, with the request's id."""

from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string


def failure(request: HttpRequest, status: int, text: str, code: str, *, title: str) -> HttpResponse:
    """Say what is wrong, and under which id the log has more about it."""
    request_id = getattr(request, "request_id", "")
    if request.path.startswith("/admin/"):
        return HttpResponse(_page(request, title, text, request_id), status=status)
    body = {"detail": text, "code": code}
    return JsonResponse(body | ({"request_id": request_id} if request_id else {}), status=status)


def _page(request: HttpRequest, title: str, text: str, request_id: str) -> str:
    """Return a page of the admin that knows neither user nor session: both are in the database."""
    context = {
        "title": title,
        "reason": text,
        "request_id": request_id,
        "again": request.get_full_path() if request.method == "GET" else "",
        "site_header": site.site_header,
        "site_title": site.site_title,
    }
    return render_to_string("admin/unavailable.html", context)

"""The OpenAPI document and the page that shows it."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render, resolve_url
from django.urls import NoReverseMatch, Resolver404, resolve
from django.views.decorators.http import require_safe
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from workflows.api.base import OwnView, PlainJSONRenderer
from workflows.api.described import described
from workflows.api.generator import document
from workflows.api.paths import mount_of
from workflows.api.wording import csrf_header

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Swagger UI has inline styles and images
        "img-src 'self' data:",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    ]
)
SIDECAR = "drf_spectacular_sidecar"
"""The app with the files of Swagger UI; the page loads none from other sites."""
ATTACHED = {"Content-Disposition": 'inline; filename="Orchestrator.json"'}


class DocumentRenderer(PlainJSONRenderer):
    """JSON with line breaks, under the type of OpenAPI documents."""

    media_type = "application/vnd.oai.openapi+json"

    def get_indent(self, *args: Any) -> int:
        """Return by how many spaces lines are indented."""
        return super().get_indent(*args) or 4


class PlainDocumentRenderer(DocumentRenderer):
    """The same for clients that know only JSON."""

    media_type = "application/json"


class DocumentView(OwnView):
    """The OpenAPI document."""

    renderer_classes = (DocumentRenderer, PlainDocumentRenderer)
    permission_classes = (IsAuthenticated,)

    @described(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the document."""
        return Response(document(request._request), headers=ATTACHED)


schema = DocumentView.as_view()


@require_safe
def docs_page(request: HttpRequest) -> HttpResponseBase:
    """Show the document in Swagger UI; the page loads nothing from other sites."""
    if not request.user.is_authenticated:
        # Without a page to log in at, strangers are told what the document tells them: 401.
        return redirect_to_login(request.get_full_path()) if _has_login() else schema(request)
    context = {
        "schema_url": f"{mount_of(request)}schema",
        "csrf_header": csrf_header(),
        "can_show": apps.is_installed(SIDECAR),
        "sidecar": SIDECAR,
    }
    response = render(request, "workflows/api/docs.html", context)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


def _has_login() -> bool:
    """Return True if there is a page at LOGIN_URL, or if it is on another site."""
    try:
        place = resolve_url(settings.LOGIN_URL)
        return not place.startswith("/") or bool(resolve(place.partition("?")[0]))
    except (NoReverseMatch, Resolver404):
        return False

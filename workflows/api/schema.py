"""The OpenAPI document and the page that shows it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

schema = SpectacularJSONAPIView.as_view()
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
swagger_ui = SpectacularSwaggerSplitView.as_view(url_name="schema")


@login_required(login_url="admin:login")
def docs_page(request: HttpRequest) -> HttpResponse:
    """Show the document in Swagger UI; the page loads nothing from other sites."""
    response = swagger_ui(request)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response

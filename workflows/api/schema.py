"""The OpenAPI document and the page that shows it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from drf_spectacular.authentication import BasicScheme
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
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


REFUSAL = {
    "type": "object",
    "properties": {
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string", "description": "Of an error: its number in the log."},
    },
    "required": ["detail", "code"],
}
FIELD_ERRORS = {
    "type": "object",
    "description": "What is wrong, by field; `detail` and `code` if the body is not a JSON object.",
}

UNAVAILABLE = ("The database refuses for now, or the run is locked; see `Retry-After`.", "Refusal")
USER_ERRORS = {
    "401": ("The request is not authenticated.", "Refusal"),
    "403": ("The user does not have the permission named.", "Refusal"),
    "429": ("Too many failed logins.", "Refusal"),
    "503": UNAVAILABLE,
}
OPEN_BODIES = {"CallbackBody"}
"""Bodies that may have unknown fields."""
RUNNER_TOKEN_ERRORS = {
    "401": ("The token does not belong to any attempt of the task.", "Refusal"),
    "503": UNAVAILABLE,
}


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """Describes the authentication by API token."""

    target_class = "workflows.api.authentication.TokenAuthentication"
    name = "token"


class PasswordScheme(BasicScheme):  # type: ignore[no-untyped-call]
    """Describes the authentication by HTTP Basic."""

    target_class = "workflows.api.authentication.BasicAuthentication"
    name = "password"


def add_summaries_and_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add to every operation of the document its summary and its error responses."""
    schemas = result["components"]["schemas"]
    _forbid_unknown_fields(schemas)
    schemas |= {"Refusal": REFUSAL, "FieldErrors": FIELD_ERRORS}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            operation["summary"] = operation.pop("description")
            for status, (text, schema_name) in _errors(path, method, operation).items():
                ref = {"$ref": f"#/components/schemas/{schema_name}"}
                content = {"application/json": {"schema": ref}}
                operation["responses"].setdefault(status, {"description": text, "content": content})
    return result


def _forbid_unknown_fields(schemas: dict[str, dict[str, Any]]) -> None:
    for name, body in schemas.items():
        if name.endswith("Body") and name not in OPEN_BODIES:
            body["additionalProperties"] = False


def _errors(path: str, method: str, operation: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the description and the schema of each error response, by status."""
    found = dict(USER_ERRORS if "security" in operation else RUNNER_TOKEN_ERRORS)
    if "requestBody" in operation or any(p["in"] == "query" for p in operation["parameters"]):
        found["400"] = ("The body or a query parameter is invalid.", "FieldErrors")
    if "{id}" in path or method == "post":
        found["404"] = ("An object that the request names does not exist.", "Refusal")
    if method != "get":
        found["409"] = ("The state of the object does not allow the request.", "Refusal")
    return found

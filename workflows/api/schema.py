"""The OpenAPI document and its browsable page."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from drf_spectacular.authentication import BasicScheme
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

schema = SpectacularJSONAPIView.as_view()
POLICY = "; ".join(
    [
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Swagger UI brings styles and pictures of its own
        "img-src 'self' data:",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    ]
)
swagger_ui = SpectacularSwaggerSplitView.as_view(url_name="schema")


@login_required(login_url="admin:login")
def page(request: HttpRequest) -> HttpResponse:
    """Show the document to people: it leads to the login, and loads nothing from other sites."""
    answer = swagger_ui(request)
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


REFUSAL = {
    "type": "object",
    "properties": {"detail": {"type": "string"}, "code": {"type": "string"}},
    "required": ["detail", "code"],
}
FIELD_ERRORS = {
    "type": "object",
    "description": "What is wrong, by field; `detail` and `code` if the body is no JSON object.",
}

LOGIN_REFUSALS = {
    "401": ("Nobody is logged in.", "Refusal"),
    "403": ("The user does not have the permission that is named.", "Refusal"),
    "429": ("Too many failed logins.", "Refusal"),
}
TOLERANT = {"CallbackBody"}
"""Bodies that may hold more than is known."""
TOKEN_REFUSALS = {"401": ("The token belongs to no attempt of the task.", "Refusal")}


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """How the document names our tokens."""

    target_class = "workflows.api.authentication.TokenAuthentication"
    name = "token"


class PasswordScheme(BasicScheme):  # type: ignore[no-untyped-call]
    """How the document names HTTP Basic."""

    target_class = "workflows.api.authentication.BasicAuthentication"
    name = "password"


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Give every operation of the document its heading, and how it may be refused."""
    _close_bodies(result["components"]["schemas"])
    result["components"]["schemas"] |= {"Refusal": REFUSAL, "FieldErrors": FIELD_ERRORS}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            operation["summary"] = operation.pop("description")
            for status, (text, form) in _refusals(path, method, operation).items():
                content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{form}"}}}
                operation["responses"].setdefault(status, {"description": text, "content": content})
    return result


def _close_bodies(forms: dict[str, dict[str, Any]]) -> None:
    """Say of bodies that a field which is not described is refused."""
    for name, form in forms.items():
        if name.endswith("Body") and name not in TOLERANT:
            form["additionalProperties"] = False


def _refusals(path: str, method: str, operation: dict[str, Any]) -> dict[str, tuple[str, str]]:
    found = dict(LOGIN_REFUSALS if "security" in operation else TOKEN_REFUSALS)
    if "requestBody" in operation or any(p["in"] == "query" for p in operation["parameters"]):
        found["400"] = ("Something that was sent is wrong.", "FieldErrors")
    if "{id}" in path or method == "post":
        found["404"] = ("Something that was named does not exist.", "Refusal")
    if method != "get":
        found["409"] = ("The state of things does not allow it.", "Refusal")
    return found

"""What the OpenAPI document says about operations, bodies, answers and errors."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.authentication import BasicScheme, SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object, get_doc

from workflows.api.authentication import HAS_TOKENS
from workflows.api.field_texts import FIELD_TEXTS
from workflows.api.serializers.templates import COMPONENTS, template_components

REFUSAL = {
    "type": "object",
    "description": "Why a request was refused.",
    "properties": {
        "detail": {"type": "string", "description": "One sentence for people."},
        "code": {"type": "string", "description": "The same for programs."},
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
METHODS = ("get", "post", "put", "patch", "delete")
"""In this order: the same code makes the same document."""
OPEN_BODIES = {"CallbackRequest"}
"""Bodies that may have unknown fields."""
RUNNER_TOKEN_ERRORS = {
    "401": ("The token does not belong to any attempt of the task.", "Refusal"),
    "429": ("Too many wrong tokens, or too many reports at a time.", "Refusal"),
    "503": UNAVAILABLE,
}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes the authentication by API token."""

    target_class = "workflows.api.tokens.TokenAuthentication" if HAS_TOKENS else None
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> Any:
        """Return the header and what stands before the token."""
        return build_bearer_security_scheme_object("Authorization", "Token")


class SessionCookie(SessionScheme):  # type: ignore[no-untyped-call]
    """Describes the authentication by the session of the project's login."""

    target_class = "workflows.api.authentication.SessionAuthentication"


class PasswordScheme(BasicScheme):  # type: ignore[no-untyped-call]
    """Describes the authentication by HTTP Basic."""

    target_class = "workflows.api.authentication.BasicAuthentication"
    name = "password"


class DescribedSchema(AutoSchema):
    """
    Describes an operation by the docstring of its view: a summary, then more about it.

    Components are called as generated clients should call their classes: `RunAnswer` is `Run`,
    `RunBody` is `RunRequest`.
    """

    view: Any

    def get_operation_id(self) -> str:
        """Return the resource and the action, such as `workflow_runs_pause`."""
        resource: str = self._tokenize_path()[0].replace("-", "_")
        return f"{resource}_{self.view.action}"

    def get_summary(self) -> str:
        """Return the first paragraph of the docstring, which names the rows of the view."""
        row = self.view.queryset.model._meta
        text = self._paragraphs()[0].replace("the rows", f"the {row.verbose_name_plural}")
        return text.replace("one row", f"one {row.verbose_name}")

    def get_description(self) -> str:  # type: ignore[override]
        """Return the rest of the docstring, or that of the view, and the required permission."""
        required = [
            permission.required_permission(self.view.request, self.view)
            for permission in self.view.get_permissions()
        ]
        texts = [f"Requires the permission `{name}`." for name in required]
        more = self._paragraphs()[1:] or [get_doc(type(self.view))]
        return "\n\n".join([*more, *texts])

    def _paragraphs(self) -> list[str]:
        return [" ".join(text.split()) for text in super().get_description().split("\n\n")]

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """Return the name of a component; that of a body gets `Request` at its end."""
        return type(serializer).__name__.removesuffix("Answer").removesuffix("Body")

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        found: Any = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]
        texts = {"id": f"The id of the {self.view.queryset.model._meta.verbose_name}."}
        return [{"description": texts.get(each["name"], ""), **each} for each in found]

    def _get_serializer_field_meta(self, field: Any, direction: Any) -> dict[str, Any]:
        meta: Any = super()._get_serializer_field_meta(field, direction)  # type: ignore[no-untyped-call]
        text = meta.get("description") or FIELD_TEXTS.get(field.field_name)
        return dict(meta, description=text) if text else dict(meta)

    def _map_response_type_hint(self, method: Any) -> dict[str, Any]:
        schema: Any = super()._map_response_type_hint(method)  # type: ignore[no-untyped-call]
        text = schema.get("description", "").removeprefix("Return ")
        return dict(schema, description=text[:1].upper() + text[1:])

    def _postprocess_serializer_schema(
        self, schema: dict[str, Any], serializer: Any, direction: Any
    ) -> dict[str, Any]:
        """Answers have all their fields, except those that the serializer names."""
        super()._postprocess_serializer_schema(schema, serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "response":
            optional = getattr(serializer, "optional", ())
            schema["required"] = [name for name in schema["properties"] if name not in optional]
        return schema | getattr(serializer, "schema_extra", {})


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add what is required of bodies, and error responses, to the document."""
    schemas = result["components"]["schemas"]
    schemas |= {"Refusal": REFUSAL, "FieldErrors": FIELD_ERRORS, **template_components()}
    _forbid_unknown_fields(schemas)
    for path, operations in result["paths"].items():
        result["paths"][path] = {name: operations[name] for name in METHODS if name in operations}
        for method, operation in operations.items():
            _describe_responses(operation["responses"])
            if body := operation.get("requestBody"):
                body["required"] = _is_required(body, schemas)
            for status, (text, schema_name) in _errors(path, method, operation).items():
                ref = {"$ref": f"{COMPONENTS}{schema_name}"}
                content = {"application/json": {"schema": ref}}
                operation["responses"].setdefault(status, {"description": text, "content": content})
    return result


def _describe_responses(responses: dict[str, dict[str, Any]]) -> None:
    for status, response in responses.items():
        response["description"] = response["description"] or f"{HTTPStatus(int(status)).phrase}."


def _is_required(body: dict[str, Any], schemas: dict[str, dict[str, Any]]) -> bool:
    """Return True if a request without a body, or with an empty one, is refused."""
    [media_type] = body["content"].values()
    schema = schemas[media_type["schema"]["$ref"].removeprefix(COMPONENTS)]
    return bool(schema.get("required") or schema.get("minProperties"))


def _forbid_unknown_fields(schemas: dict[str, dict[str, Any]]) -> None:
    for name, body in schemas.items():
        if name.endswith("Request") and name not in OPEN_BODIES:
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

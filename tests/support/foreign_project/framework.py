"""What its `REST_FRAMEWORK` names."""

from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response


class CamelRenderer(JSONRenderer):
    """Writes `templateName` for `template_name`."""

    media_type = "application/camel+json"
    format = "camel"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        """Render with other keys."""
        return super().render(_camel(data), *args, **kwargs)


def _camel(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(key).title().replace("_", ""): _camel(value) for key, value in data.items()}
    return [_camel(each) for each in data] if isinstance(data, list) else data


class FirstOfAll(BaseContentNegotiation):
    """Takes whatever stands first."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        """Return the first parser."""
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        """Return the first renderer."""
        return renderers[0], renderers[0].media_type


class Guest:
    """Who asks without a login: somebody who may do everything."""

    pk = id = 1
    is_authenticated = is_active = is_staff = is_superuser = True

    def has_perm(self, permission: str) -> bool:
        """Return True."""
        return True


def everything_is_fine(exc: Exception, context: dict[str, Any]) -> Response:
    """Answer 200, whatever has happened."""
    return Response({"fine": type(exc).__name__}, status=200)


def nothing(*args: Any, **kwargs: Any) -> str:
    """Return no name, and no description."""
    return ""

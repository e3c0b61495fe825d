"""
What all views of the API have in common, whatever `REST_FRAMEWORK` of the project says.

The REST framework reads its defaults from the project when a view does not have its own. Here is
our own of each, so that the project's API and ours do not change each other.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import BasePagination
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.settings import APISettings
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from workflows.api.authentication import AUTHENTICATION
from workflows.api.filters import StrictFilterBackend
from workflows.api.pagination import StrictPagination
from workflows.api.parsers import JSONParser
from workflows.api.permissions import ModelPermission

Row = TypeVar("Row", bound=Model)

OWN_SETTINGS: Any = APISettings(
    {  # type: ignore[arg-type]  # it takes the names of settings, too
        "EXCEPTION_HANDLER": "workflows.api.errors.exception_handler",
        "URL_FORMAT_OVERRIDE": None,
    }
)
"""What views read from the settings while they answer: the framework's defaults, but for these."""


class Negotiation(DefaultContentNegotiation):
    """Chooses by the header `Accept` alone."""

    settings = OWN_SETTINGS


class PlainJSONRenderer(JSONRenderer):
    """JSON as the framework writes it by default."""

    ensure_ascii = False
    compact = True
    strict = True


class OwnView(APIView):
    """The base of every view of the API."""

    settings = OWN_SETTINGS
    renderer_classes: Sequence[type[BaseRenderer]] = (PlainJSONRenderer,)
    parser_classes: Sequence[type[BaseParser]] = (JSONParser,)
    authentication_classes = AUTHENTICATION
    throttle_classes = ()
    permission_classes: Sequence[type[BasePermission]] = (ModelPermission,)
    content_negotiation_class = Negotiation
    metadata_class = None
    versioning_class = None
    schema = None
    """So the project's own OpenAPI document leaves our views out; see `document.py` for ours."""

    def perform_authentication(self, request: Request) -> None:
        """Find out who asks; nobody is Django's anonymous user."""
        super().perform_authentication(request)
        if not request.successful_authenticator:
            request.user = AnonymousUser()


class OwnViewSet(OwnView, GenericViewSet[Row]):
    """The base of every view set of the API."""

    filter_backends: Sequence[Any] = (StrictFilterBackend,)
    pagination_class: type[BasePagination] | None = StrictPagination

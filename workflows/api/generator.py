"""
Makes the OpenAPI document: of our paths alone, whatever `SPECTACULAR_SETTINGS` of the project says.

drf-spectacular reads its settings from one object of the process, which belongs to the project. So
the document is made once, in a moment in which that object has our values, and kept.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from threading import Lock
from typing import Any

from django.http import HttpRequest
from drf_spectacular import plumbing
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.settings import (
    IMPORT_STRINGS,
    SPECTACULAR_DEFAULTS,
    SpectacularSettings,
    spectacular_settings,
)
from rest_framework.settings import api_settings

from runners.callbacks import API_URLS
from runners.conf import setting
from workflows import __version__
from workflows.api.base import OwnView
from workflows.api.document import DescribedSchema
from workflows.api.paths import mount_of

SAID: dict[str, Any] = {
    "TITLE": "Orchestrator",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "Everything that the admin does, over HTTP. Errors and limits: docs/api.md.",
    "COMPONENT_SPLIT_REQUEST": True,  # nobody who creates a runner has to name its id
    "COMPONENT_SPLIT_PATCH": False,  # what a PATCH takes has a serializer of its own
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,  # "failed: Failed" explains nothing
    "SORT_OPERATIONS": False,  # in the order of the URLconf
    "ENUM_NAME_OVERRIDES": {
        "RunStatus": "workflows.models.RunState",
        "TaskStatus": "workflows.models.TaskState",
        "AttemptStatus": "workflows.api.serializers.tasks.ATTEMPT_STATES",
        "ApprovalStatus": "workflows.models.ApprovalStatus",
        "ReportedStatus": "workflows.api.serializers.callbacks.STATUSES",
        "RepeatedVersion": "workflows.api.serializers.run_bodies.VERSIONS",
        "TargetType": "workflows.api.serializers.runs.TARGETS",
        "ApprovalLasts": "workflows.models.template.ApprovalLasts",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "workflows.api.document.complete",
    ],
}
DEFAULTS: Any = SPECTACULAR_DEFAULTS
OWN: Any = SpectacularSettings(SAID, DEFAULTS, IMPORT_STRINGS)  # type: ignore[arg-type]
READ_ELSEWHERE = ("DEFAULT_GENERATOR_CLASS", "GET_LIB_DOC_EXCLUDES")
LONGEST_WAIT_S = 5.0
"""How long a document of the project that is made with settings of its own is waited for."""
ONE_AT_A_TIME = Lock()


class OwnEnumerator(EndpointEnumerator):
    """Finds our views, which all others leave out."""

    def should_include_endpoint(self, path: str, callback: Any) -> bool:
        """Return True for views of the API."""
        return issubclass(getattr(callback, "cls", object), OwnView)


class OwnGenerator(SchemaGenerator):
    """Describes our paths relative to where the API is mounted, which is the server's address."""

    endpoint_inspector_cls = OwnEnumerator

    def create_view(self, callback: Any, method: str, request: Any = None) -> Any:
        """Return a view that has the description of one of its methods as its schema."""
        view: Any = super(SchemaGenerator, self).create_view(callback, method, None)
        view.swagger_fake_view = True
        described = getattr(view, getattr(view, "action", None) or method.lower())
        schema: Any = getattr(described, "kwargs", {}).get("schema", DescribedSchema)()
        schema.view, view.schema = view, schema
        return view

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        """Return the document; `manage.py spectacular` asks for it here."""
        return document(request)


def document(request: HttpRequest | None) -> dict[str, Any]:
    """Return the document, with the address at which it was read."""
    here = {"url": _address(request), "description": "This installation."}
    return _described() | {"servers": [here]}


def _address(request: HttpRequest | None) -> str:
    """Return where the API is, so that the document's page can send requests there."""
    if request is None:
        return str(setting("PUBLIC_BASE_URL"))
    return request.build_absolute_uri(mount_of(request)).rstrip("/")


@cache
def _described() -> dict[str, Any]:
    with ONE_AT_A_TIME, _own_settings():
        make: Any = OwnGenerator
        generator = make(patterns=import_module(API_URLS).urlpatterns)
        generator.coerce_path_pk = True
        found: dict[str, Any] = super(OwnGenerator, generator).get_schema(None, public=True)
    return found


@contextmanager
def _own_settings() -> Iterator[None]:
    """Give the framework's objects of settings our values in this block."""
    give_up_at = time.monotonic() + LONGEST_WAIT_S
    while spectacular_settings._original_settings and time.monotonic() < give_up_at:
        time.sleep(0.05)  # else what the project has set for a moment would be kept as its own
    names = [name for name in SPECTACULAR_DEFAULTS if not name.startswith("SERVE_")]
    values = {name: getattr(OWN, name) for name in names if name not in READ_ELSEWHERE}
    with ExitStack() as stack:
        stack.enter_context(_replaced(spectacular_settings, values))
        stack.enter_context(_replaced(api_settings, {"SCHEMA_COERCE_PATH_PK": True}))
        plumbing._load_enum_name_overrides.cache_clear()
        stack.callback(plumbing._load_enum_name_overrides.cache_clear)
        yield


@contextmanager
def _replaced(settings: Any, values: dict[str, Any]) -> Iterator[None]:
    before = {name: getattr(settings, name) for name in values}
    vars(settings).update(values)
    try:
        yield
    finally:
        vars(settings).update(before)

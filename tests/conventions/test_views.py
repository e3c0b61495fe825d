"""Views and serializers of the API take no defaults of the project that it is in."""

import ast
from inspect import unwrap
from pathlib import Path
from typing import Any

from django.urls import URLPattern
from rest_framework import serializers
from rest_framework.settings import DEFAULTS
from rest_framework.views import APIView

from tests.support.foreign_project.settings import REST_FRAMEWORK
from workflows.api.base import OwnView
from workflows.api.errors import path_not_found
from workflows.api.schema import docs_page
from workflows.api.serializers.base import Moment
from workflows.api.urls import urlpatterns
from workflows.api.views.health import healthz

API = Path(__file__).parents[2] / "workflows" / "api"
FUNCTIONS = {unwrap(view) for view in (path_not_found, docs_page, healthz)}
"""Views without the REST framework: they read none of its settings."""
OF_TESTS = {"TEST_REQUEST_RENDERER_CLASSES", "HTML_SELECT_CUTOFF", "HTML_SELECT_CUTOFF_TEXT"}
"""What no answer depends on."""


def views(patterns: Any) -> list[Any]:
    """Return the views of the API."""
    nested = [views(each.url_patterns) for each in patterns if hasattr(each, "url_patterns")]
    own = [each.callback for each in patterns if isinstance(each, URLPattern)]
    return [*own, *(view for some in nested for view in some)]


def test_every_view_has_our_base() -> None:
    found = views(urlpatterns)
    assert len(found) > 40
    others = [
        view
        for view in found
        if not issubclass(getattr(view, "cls", object), OwnView) and unwrap(view) not in FUNCTIONS
    ]
    assert others == []


def test_every_view_knows_where_it_is_mounted() -> None:
    assert all(hasattr(view, "own_route") for view in views(urlpatterns))


def test_base_says_everything_that_views_take_from_the_settings() -> None:
    read = {name for name, value in vars(APIView).items() if name.endswith(("_class", "_classes"))}
    assert read - vars(OwnView).keys() == set()
    assert {"schema", "settings"} <= vars(OwnView).keys()


def test_fields_that_depend_on_settings_are_ours() -> None:
    theirs = {"DateField", "DateTimeField", "DecimalField", "DurationField", "TimeField"}
    theirs |= {"BigIntegerField", "FileField", "ModelSerializer"}
    found = [
        f"{path.name}:{node.lineno} {node.attr}"
        for path in (API / "serializers").glob("*.py")
        if path.name != "base.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in theirs
    ]
    assert found == []


def test_foreign_project_sets_each_default() -> None:
    """So that the comparison of answers is about all of them."""
    assert {*DEFAULTS} - OF_TESTS - {*REST_FRAMEWORK} == set()


def test_moments_have_one_form() -> None:
    assert issubclass(Moment, serializers.DateTimeField)
    assert {"format", "input_formats"} <= vars(Moment).keys()

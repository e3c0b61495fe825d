"""What other apps add to the API, below the same prefix."""

from importlib import import_module
from types import ModuleType

from django.apps import apps


def additions() -> list[ModuleType]:
    """
    Return the modules in which other apps have paths of the API.

    An app names one by an attribute of its configuration, `workflows_api_urls`. It has `view_sets`,
    pairs of a prefix and a view set; `urlpatterns`; and `enums`, the names of choices in the
    OpenAPI document with where they are.
    """
    named = (getattr(config, "workflows_api_urls", "") for config in apps.get_app_configs())
    return [import_module(name) for name in named if name]

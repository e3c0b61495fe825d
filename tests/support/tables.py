"""The whole content of the database, to show that something changed nothing."""

from typing import Any

from django.apps import apps


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table of the product."""
    models = [*apps.get_app_config("workflows").get_models()]
    models += apps.get_app_config("runners").get_models()
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models
    }

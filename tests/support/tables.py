"""The whole content of the database, to show that something changed nothing."""

from typing import Any

from django.apps import apps

from workflows.models import Counter, Operations


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table of the product, but those of what is only counted."""
    models = [*apps.get_app_config("workflows").get_models()]
    models += apps.get_app_config("runners").get_models()
    models.remove(Counter)
    models.remove(Operations)  # another name of runs
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models
    }

"""The configuration of the app."""

from django.apps import AppConfig
from django.apps import apps as registry
from django.core.exceptions import ImproperlyConfigured


class TriggersConfig(AppConfig):
    """Schedules and webhooks, which start runs of templates."""

    name = "workflow_triggers"
    verbose_name = "Triggers"
    default_auto_field = "django.db.models.BigAutoField"
    workflows_api_urls = "workflow_triggers.api.urls"
    # What the admin of workflows has of this app.
    workflows_admin = "workflow_triggers.admin.extension.EXTENSION"

    def import_models(self) -> None:
        """Load the models, which need those of workflows."""
        if not registry.is_installed("workflows"):
            raise ImproperlyConfigured(
                'The app workflow_triggers needs "workflows" in INSTALLED_APPS.'
            )
        super().import_models()

"""The configuration of the app."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.apps import AppConfig
from django.apps import apps as registry
from django.core.exceptions import ImproperlyConfigured
from django.db.models.signals import post_migrate

LOOK_EVERY = timedelta(seconds=2)
REMOVE_EVERY = timedelta(hours=1)
FORGET_EVERY = timedelta(minutes=10)


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

    @property
    def workflows_groups(self) -> Mapping[str, Sequence[str]]:
        """What the groups that come with workflows may do here."""
        from workflow_triggers.groups import PERMISSIONS

        return PERMISSIONS

    def ready(self) -> None:
        """Connect the receivers; register the periodic work."""
        from workflow_triggers.firing.rounds import fire_due
        from workflow_triggers.groups import give_permissions_apart
        from workflow_triggers.operations.files import SCHEDULES
        from workflow_triggers.retention import remove_old_occurrences
        from workflows import periodic
        from workflows.authoring.sections import register_section
        from workflows.limits import register_api_paths

        register_api_paths("schedules", "calendars", "backfills", "webhooks", "deliveries")
        register_section(SCHEDULES)
        post_migrate.connect(give_permissions_apart, sender=self)
        periodic.register("schedules", fire_due, LOOK_EVERY)
        periodic.register("occurrences", remove_old_occurrences, REMOVE_EVERY)
        _register_webhooks()


def _register_webhooks() -> None:
    from workflow_triggers.limits import HOOKS
    from workflow_triggers.operations import deliveries, refusals, rotation, webhooks
    from workflows import periodic
    from workflows.limits import register_limit
    from workflows.models.event import register_event_types
    from workflows.payloads.rotation import register_rotation

    register_limit(HOOKS)
    register_event_types([*webhooks.EVENT_TYPES, deliveries.REDELIVERED, refusals.REFUSED])
    register_rotation(rotation.rotate_triggers)
    forgotten = periodic.counted("forgotten", deliveries.forget_deliveries)
    periodic.register("deliveries", forgotten, FORGET_EVERY)

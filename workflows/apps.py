"""The configuration of the app."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.apps import apps as registry
from django.core.checks import Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import request_finished, request_started
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from runners.database import database_alias

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

NEEDED = ("runners", "django.contrib.admin")
RECOVER_EVERY = timedelta(seconds=15)
REMOVE_EVERY = timedelta(seconds=30)
FORGET_EVERY = timedelta(hours=1)


class WorkflowsConfig(AppConfig):
    """Workflow templates and their runs."""

    name = "workflows"
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        """Load the models, which need other apps."""
        for app in NEEDED:
            if not registry.is_installed(app):
                raise ImproperlyConfigured(f'The app workflows needs "{app}" in INSTALLED_APPS.')
        super().import_models()

    def ready(self) -> None:
        """Connect the receivers; register the checks and the periodic work."""
        from workflows.checks import check_task_states
        from workflows.db.checks import check_database, check_journal, check_project_settings
        from workflows.groups import make_groups_apart
        from workflows.payloads.secret_checks import check_stored_secrets
        from workflows.runs import events, signals
        from workflows.sites import leave_site

        _ = events, signals
        register(check_task_states, Tags.models)
        register(check_stored_secrets, Tags.database)
        register(check_database, Tags.models)
        register(check_project_settings, Tags.models)
        register(check_journal, Tags.security, deploy=True)
        connection_created.connect(_prepare_connection)
        post_migrate.connect(make_groups_apart, sender=self)
        request_started.connect(leave_site)
        request_finished.connect(leave_site)
        _register_periodic_work()
        _register_sections()


def _prepare_connection(connection: "BaseDatabaseWrapper", **_: Any) -> None:
    from workflows.db.readable import read_anything
    from workflows.db.time_limits import limit_waits

    is_old = connection.vendor == "postgresql" and not hasattr(connection.connection, "wait")
    if connection.alias == database_alias() and not is_old:  # psycopg2, which a check refuses
        limit_waits(connection)
        read_anything(connection)


def _register_periodic_work() -> None:
    from workflows import periodic, presence, throttles
    from workflows.dispatch.auto_dispatch import (
        begin_created_runs,
        call_rested_runners,
        offer_free_places,
    )
    from workflows.operations.holds import release_due
    from workflows.reports.recovery import recover_overdue
    from workflows.retention.removal import RETENTION
    from workflows.retention.rounds import remove_due

    periodic.register(periodic.RECOVERY, recover_overdue, RECOVER_EVERY)
    periodic.register("holds", periodic.counted("released", release_due), RECOVER_EVERY)
    begun = periodic.counted("begun", begin_created_runs)
    periodic.register("created runs", begun, RECOVER_EVERY)
    places = periodic.counted("dispatched", offer_free_places)
    periodic.register("free places", places, RECOVER_EVERY)
    called = periodic.counted("dispatched", call_rested_runners)
    periodic.register("rested runners", called, RECOVER_EVERY)
    periodic.register(RETENTION, remove_due, REMOVE_EVERY)
    periodic.register("presence", presence.remove_old, FORGET_EVERY)
    counters = periodic.counted("forgotten", throttles.remove_counters)
    periodic.register("counters", counters, FORGET_EVERY)


def _register_sections() -> None:
    from workflows.authoring.sections import register_section
    from workflows.operations.policy import RETENTION

    register_section(RETENTION)

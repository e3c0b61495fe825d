"""The configuration of the app."""

from datetime import timedelta

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.backends.signals import connection_created

RECOVER_EVERY = timedelta(seconds=15)
REMOVE_EVERY = timedelta(seconds=30)
FORGET_EVERY = timedelta(hours=1)


class WorkflowsConfig(AppConfig):
    """Workflow templates and their runs."""

    name = "workflows"

    def ready(self) -> None:
        """Connect the receivers; register the checks and the periodic work."""
        from workflows.checks import check_task_states
        from workflows.db.readable import read_anything
        from workflows.db.time_limits import limit_waits
        from workflows.payloads.secret_checks import check_stored_secrets
        from workflows.runs import events, signals

        _ = events, signals
        register(check_task_states, Tags.models)
        register(check_stored_secrets, Tags.database)
        connection_created.connect(limit_waits)
        connection_created.connect(read_anything)
        _register_periodic_work()
        _register_sections()


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

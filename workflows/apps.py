"""The app of the domain."""

from django.apps import AppConfig
from django.core.checks import Tags, register


class WorkflowsConfig(AppConfig):
    """Templates, runs and what happens to them."""

    name = "workflows"

    def ready(self) -> None:
        """Connect the signals (expansion of new runs, one event per transition) and the checks."""
        from workflows.checks import check_task_states
        from workflows.runs import events, signals

        _ = events, signals
        register(check_task_states, Tags.models)

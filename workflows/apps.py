"""The configuration of the app."""

from django.apps import AppConfig
from django.core.checks import Tags, register


class WorkflowsConfig(AppConfig):
    """Workflow templates and their runs."""

    name = "workflows"

    def ready(self) -> None:
        """Connect signal receivers (expansion of runs, events of transitions) and checks."""
        from workflows.checks import check_task_states
        from workflows.runs import events, signals

        _ = events, signals
        register(check_task_states, Tags.models)

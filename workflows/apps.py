"""The app of the domain."""

from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    """Templates, runs and what happens to them."""

    name = "workflows"

    def ready(self) -> None:
        """Connect the signals: expansion of new runs, one event per transition."""
        from workflows.runs import events, signals

        _ = events, signals

"""The app of the runners."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as registry
from django.db.models.signals import post_migrate


def make_local_runner(sender: AppConfig, **kwargs: Any) -> None:
    """Give an installation without any runner the local one, so that steps have a default."""
    apps = kwargs.get("apps", registry)
    if "runner" not in apps.all_models["runners"]:
        return  # migrated back to before the table
    runners = apps.get_model("runners", "Runner")._default_manager.using(kwargs["using"])
    if not runners.exists():
        runners.create(name="local", kind="local", is_default=True)


class RunnersConfig(AppConfig):
    """Runners: where tasks are executed."""

    name = "runners"

    def ready(self) -> None:
        """Make the local runner once the tables are there."""
        post_migrate.connect(make_local_runner, sender=self)

"""The Django app."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as registry
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate

from runners import local


def make_local_runner(sender: AppConfig, **kwargs: Any) -> None:
    """Create a default runner on this machine if an installation has no runner at all."""
    apps = kwargs.get("apps", registry)
    if "runner" not in apps.all_models["runners"]:
        return  # migrated back to before the table
    runners = apps.get_model("runners", "Runner")._default_manager.using(kwargs["using"])
    if not runners.exists():
        runners.create(name=local.KIND, kind=local.KIND, is_default=True)


class RunnersConfig(AppConfig):
    """Runners: where tasks are executed."""

    name = "runners"

    def ready(self) -> None:
        """Create the local runner once the tables exist; register the checks."""
        from runners.checks import (
            check_function_modules,
            check_secrets_keys,
            check_stored_credentials,
        )

        register(check_function_modules)
        register(check_secrets_keys, Tags.security)
        register(check_stored_credentials, Tags.database)
        post_migrate.connect(make_local_runner, sender=self)

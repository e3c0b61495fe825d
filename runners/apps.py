"""The Django app."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as registry
from django.core.checks import Tags, register
from django.db import router
from django.db.models.signals import post_migrate

from runners import local


def make_local_runner(sender: AppConfig, **kwargs: Any) -> None:
    """Create a default runner on this machine if an installation has no runner at all."""
    apps = kwargs.get("apps", registry)
    if "runner" not in apps.all_models["runners"]:
        return  # migrated back to before the table
    if not router.allow_migrate(kwargs["using"], "runners", model_name="runner"):
        return  # another database of the project
    runners = apps.get_model("runners", "Runner")._default_manager.using(kwargs["using"])
    if not runners.exists():
        runners.create(name=local.KIND, kind=local.KIND, is_default=True)


class RunnersConfig(AppConfig):
    """Runners: where tasks are executed."""

    name = "runners"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Create the local runner once the tables exist; register the checks."""
        from runners.celery import remember_current_app
        from runners.checks import (
            check_callbacks,
            check_function_modules,
            check_secrets_keys,
            check_settings,
            check_stored_credentials,
        )

        remember_current_app()
        register(check_settings)
        register(check_function_modules)
        register(check_secrets_keys, Tags.security)
        register(check_stored_credentials, Tags.database)
        register(check_callbacks, Tags.database)
        post_migrate.connect(make_local_runner, sender=self)

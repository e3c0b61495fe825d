"""What the groups that come with the apps may do here."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from workflows.groups import are_groups_apart

MIGRATION = "0002_permissions_of_groups"
_migration = import_module(f"workflow_triggers.migrations.{MIGRATION}")
PERMISSIONS: Mapping[str, Sequence[str]] = _migration.ADDED
"""The permissions by group."""


def give_permissions_apart(
    sender: AppConfig, *, using: str, plan: Sequence[tuple[Any, bool]] = (), **_: Any
) -> None:
    """Give them in the database of users, if that is another one than that of runs."""
    forward = [migration.name for migration, is_backward in plan if not is_backward]
    if MIGRATION in forward and are_groups_apart(using):
        create_permissions(apps.get_app_config(_migration.APP), using=using, verbosity=0)
        _migration.give(Group, Permission, using)

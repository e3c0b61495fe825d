"""The groups that come with the apps: where users are, which may be another database."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import router

from workflows.models import WorkflowRun

MIGRATION = "0019_workflow_groups"
_migration = import_module(f"workflows.migrations.{MIGRATION}")
GROUPS: Mapping[str, Sequence[str]] = _migration.GROUPS
"""The permissions that each group begins with."""
APPS: Sequence[str] = _migration.APPS


def make_groups_apart(
    sender: AppConfig, *, using: str, plan: Sequence[tuple[Any, bool]] = (), **_: Any
) -> None:
    """Make the groups in the database of users, if that is another one than that of runs."""
    if not router.allow_migrate_model(using, Group) or router.allow_migrate_model(
        using, WorkflowRun
    ):
        return
    forward = [migration.name for migration, is_backward in plan if not is_backward]
    if MIGRATION not in forward:
        return
    for label in APPS:
        create_permissions(apps.get_app_config(label), using=using, verbosity=0)
    ours = Permission.objects.using(using).filter(content_type__app_label__in=APPS)
    for name, codenames in GROUPS.items():
        group, is_new = Group.objects.using(using).get_or_create(name=name)
        if is_new:
            group.permissions.set(ours.filter(codename__in=codenames))

"""Takes both apps out of a project's database: their tables, and what migrations leave behind."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps as registry
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import (
    DatabaseError,
    connections,
    router,
    transaction,  # noqa: TID251 (of users, wherever they are)
)
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import QuerySet
from django.db.models.deletion import Collector

from workflows.groups import APPS, GROUPS

KNOX = "knox"


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What is removed from one database besides tables."""

    rows: Counter[str] = field(default_factory=Counter)
    """How many rows of each model."""
    groups: list[str] = field(default_factory=list)
    kept_groups: list[str] = field(default_factory=list)
    """Named as ours, and changed since, or somebody else's."""


def migrated(alias: str, apps: Sequence[str]) -> list[str]:
    """Return which of the apps have migrations in a database."""
    with suppress(DatabaseError):
        applied = MigrationRecorder(connections[alias]).applied_migrations()
        return [app for app in apps if any(label == app for label, _ in applied)]
    return []


def tables(alias: str, apps: Sequence[str]) -> dict[str, int]:
    """Return the tables of the apps in a database, each with its number of rows."""
    installed = [config for config in registry.get_app_configs() if config.label in apps]
    ours = {model._meta.db_table for config in installed for model in config.get_models()}
    with connections[alias].cursor() as cursor:
        names = connections[alias].introspection.table_names(cursor)
        found = {}
        for name in sorted(ours.intersection(names)):
            cursor.execute(f"SELECT count(*) FROM {connections[alias].ops.quote_name(name)}")  # noqa: S608
            [found[name]] = cursor.fetchone()
    return found


def migrate_back(alias: str, apps: Sequence[str]) -> None:
    """Remove the tables of the apps; of those above others first."""
    for app in migrated(alias, apps):
        if app == KNOX:
            _remove_tokens(alias)
        call_command("migrate", app, "zero", database=alias, verbosity=0, interactive=False)


def _remove_tokens(alias: str) -> None:
    """Remove the tokens: knox brings back a column without a default, which no row survives."""
    token = registry.get_model(KNOX, "AuthToken")
    if not token._meta.swapped:  # then they lie in a table of the project's
        token._base_manager.using(alias).all().delete()


def remove_leftovers(apps: Sequence[str], *, dry_run: bool) -> Leftovers:
    """Remove groups, permissions, content types and log entries of the apps."""
    alias = router.db_for_write(Group)
    found = Leftovers()
    with transaction.atomic(using=alias):
        for group in Group.objects.using(alias).filter(name__in=GROUPS).order_by("name"):
            (found.groups if _is_unchanged(group) else found.kept_groups).append(group.name)
        types = ContentType.objects.using(alias).filter(app_label__in=apps)
        # Deleting a content type would leave its log entries without one.
        all_rows: list[QuerySet[Any]] = [
            Group.objects.using(alias).filter(name__in=found.groups),
            LogEntry.objects.using(alias).filter(content_type__in=types),
            types,
        ]
        found.rows.update(_counted(all_rows, alias))
        if not dry_run:
            for rows in all_rows:
                rows.delete()
            ContentType.objects.clear_cache()
    return found


def _counted(all_rows: Sequence[QuerySet[Any]], alias: str) -> dict[str, int]:
    """Return how many rows of each model would be deleted, also of those that depend on them."""
    collector = Collector(using=alias)
    for rows in all_rows:
        collector.collect(rows)
    keys: dict[str, set[Any]] = defaultdict(set)
    for model, instances in collector.data.items():
        keys[model._meta.label].update(instance.pk for instance in instances)
    for each in collector.fast_deletes:
        keys[each.model._meta.label].update(each.values_list("pk", flat=True))
    return {label: len(found) for label, found in keys.items() if found}


def _is_unchanged(group: Group) -> bool:
    """Return True if a group has the permissions that it began with, and no others."""
    has = group.permissions.values_list("content_type__app_label", "codename")
    began_with = {(True, name) for name in GROUPS[group.name]}
    return {(app in APPS, name) for app, name in has} == began_with


def databases(apps: Sequence[str]) -> Iterator[str]:
    """Yield the aliases of the databases in which the apps are migrated."""
    yield from (alias for alias in connections if migrated(alias, apps))

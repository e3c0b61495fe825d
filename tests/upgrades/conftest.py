"""An installation of the first release with its rows, and the migrations to the present."""

import json
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps as current_apps
from django.apps.registry import Apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

FIRST = [("runners", "0001_initial"), ("workflows", "0001_initial")]
ROWS = Path(__file__).with_name("installed.json")
"""A dump made by the first release, with runs and tasks in every state."""

Rows = dict[str, list[dict[str, Any]]]
Tables = dict[str, list[dict[str, Any]]]
"""The rows of each table by the names of their columns, whose order migrations change."""


def to_first_release() -> Apps:
    """Undo all later migrations; return the models as they were."""
    MigrationExecutor(connection).migrate(FIRST)
    return _first_models()


def install_first_release() -> Apps:
    """Make its empty tables in place of those of now, which is quicker than going back."""
    labels = tuple(f"{app}_" for app, _ in FIRST)
    with connection.schema_editor() as editor:
        for table in connection.introspection.table_names():
            if table.startswith(labels):
                editor.execute(editor.sql_delete_table % {"table": editor.quote_name(table)})
    recorded = MigrationRecorder(connection).migration_qs
    recorded.filter(app__in=dict(FIRST)).delete()
    return to_first_release()


def _first_models() -> Apps:
    return MigrationExecutor(connection).loader.project_state(FIRST).apps


def to_latest() -> list[str]:
    """Do all migrations that are missing; return their names."""
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()
    plan = [migration.name for migration, _ in executor.migration_plan(latest)]
    executor.migrate(latest)
    return plan


def rows_of(apps: Apps) -> Rows:
    """Return every row of the tables of the first release, with the columns of `apps`."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in _models(apps)
    }


def _models(apps: Apps) -> list[type[models.Model]]:
    tables = (model for model in apps.get_models() if not model._meta.proxy)
    return [model for model in tables if model._meta.app_label in dict(FIRST)]


@pytest.fixture
def first_release(transactional_db: None) -> Iterator[Apps]:
    """Make this an installation of the first release; return its models."""
    try:
        _fill(install_first_release())
        yield _first_models()
    finally:
        to_latest()


def _fill(apps: Apps) -> None:
    rows: dict[type[models.Model], list[models.Model]] = defaultdict(list)
    for entry in json.loads(ROWS.read_text()):
        model = apps.get_model(entry["model"])
        rows[model].append(model(pk=entry["pk"], **_values(model, entry["fields"])))
    with transaction.atomic():  # references are checked at the end
        apps.get_model("runners.Runner").objects.all().delete()  # made with the tables
        for model, each in rows.items():
            model._default_manager.bulk_create(each)
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [*rows]):
                cursor.execute(statement)


def _values(model: type[models.Model], fields: dict[str, Any]) -> dict[str, Any]:
    values = {}
    for name, value in fields.items():
        field = model._meta.get_field(name)
        assert isinstance(field, models.Field)
        if isinstance(field, models.DateTimeField):
            field.auto_now = field.auto_now_add = False  # as it was then, not as of now
        values[field.attname] = field.to_python(value)
    return values


@dataclass
class Upgrade:
    """The rows of an installation before its upgrade, and the tables afterwards."""

    before: Rows | None = None
    after: Tables = field(default_factory=dict)


@pytest.fixture(scope="session")
def upgrade() -> Upgrade:
    """Return the upgrade that the tests of this process share, once it has been made."""
    return Upgrade()


@pytest.fixture
def upgraded(request: pytest.FixtureRequest, transactional_db: None, upgrade: Upgrade) -> Rows:
    """Upgrade the installation to what it is now, or store what that gave; return the old rows."""
    if upgrade.before is None:
        request.getfixturevalue("first_release")
        before = rows_of(_first_models())
        to_latest()
        upgrade.before, upgrade.after = before, _stored()
    else:
        _store(upgrade.after)
    return deepcopy(upgrade.before)


def _stored() -> Tables:
    tables = connection.introspection.django_table_names(only_existing=True)
    with connection.cursor() as cursor:
        return {table: _rows(cursor, table) for table in tables}


def _rows(cursor: CursorWrapper, table: str) -> list[dict[str, Any]]:
    cursor.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _store(tables: Tables) -> None:
    with transaction.atomic(), connection.cursor() as cursor:  # references are checked at the end
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
        for table, rows in tables.items():
            for row in rows:
                columns = ", ".join(map(connection.ops.quote_name, row))
                values = ", ".join(["%s"] * len(row))
                insert = f"INSERT INTO {table} ({columns}) VALUES ({values})"
                cursor.execute(insert, [*row.values()])
        every_model = current_apps.get_models(include_auto_created=True)
        for statement in connection.ops.sequence_reset_sql(no_style(), every_model):
            cursor.execute(statement)

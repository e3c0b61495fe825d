"""No migration blocks writers of a table that may be large, or breaks processes with older code."""

import inspect
import re
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.contrib.postgres import operations as postgres
from django.db import connection, migrations, models
from django.db.migrations import operations as django
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

concurrently: Any = import_module("workflows.migrations._concurrently")
ROOT = Path(__file__).parents[2]
RELEASED = {
    "runners": "b127d1de4f149c3a0e2efa94200570caccbce843796e030431e63cb8c920c5bb",
    "workflows": "8fcb56c6e39bdcf0649b2e895499f03faeab72d795b2d3cba34316f4e63fdede",
}
"""Digests of the first migrations: they are installed, so every change needs a new migration."""

LARGE = {"approval", "event", "logpiece", "task", "taskattempt", "taskdependency", "workflowrun"}
READ_BY_EXECUTORS = {"task", "taskattempt", "workflowrun"}
"""Running executors have prepared statements that return these rows, of the types that they had."""
BY_INDEX = {"0010_creators_of_gated_runs"}
"""Migrations whose code finds the few rows that it is about by an index."""
TABLE = re.compile(r"""workflows(?:["'], ["']|[._])(\w+)""")
"""A table, as SQL or `apps.get_model` names it."""
QUICK = (
    concurrently.AddIndex,
    concurrently.RemoveIndex,
    concurrently.AddCheck,
    postgres.ValidateConstraint,
    django.RemoveConstraint,
    django.RemoveField,
    django.AlterModelOptions,
)
"""Operations allowed on large tables: they take short locks, and read no row under them."""


def later_migrations() -> dict[str, migrations.Migration]:
    """Return all our migrations except the first of each app."""
    found = MigrationLoader(None).disk_migrations
    return {
        f"{app}.{name}": migration
        for (app, name), migration in found.items()
        if app in RELEASED and name != "0001_initial"
    }


def before(migration: migrations.Migration) -> ProjectState:
    loader = MigrationLoader(None)
    return loader.project_state((migration.app_label, migration.name), at_end=False)


def problems(migration: migrations.Migration, state: ProjectState) -> Iterator[str]:
    """Yield a sentence for each thing that a migration must not do; `state` precedes it."""
    for operation in migration.operations:
        table = getattr(operation, "model_name", getattr(operation, "name", "")).lower()
        if isinstance(operation, django.AddField):
            yield from _problems_of_column(f"{table}.{operation.name}", operation.field)
        if isinstance(operation, django.RunPython | django.RunSQL):
            yield from () if migration.name in BY_INDEX else _problems_of_code(operation)
        elif table in LARGE and not _is_quick(operation, migration.app_label, state):
            yield f"{type(operation).__name__} locks the table of {table} while it looks at it"
        operation.state_forwards(migration.app_label, state)


def _is_quick(operation: Operation, app: str, state: ProjectState) -> bool:
    if isinstance(operation, django.AddField):
        field: Any = operation.field
        return not (field.unique or field.db_index or field.is_relation)
    if type(operation).__name__ == "RemoveForeignKeyIndex":  # of _concurrently.py
        return True
    if isinstance(operation, django.AlterField):
        return not _changes_the_table(operation, app, state)
    return isinstance(operation, QUICK)


def _changes_the_table(operation: django.AlterField, app: str, state: ProjectState) -> bool:
    after = state.clone()
    operation.state_forwards(app, after)
    old, new = (
        each.apps.get_model(app, operation.model_name)._meta.get_field(operation.name)
        for each in (state, after)
    )
    editor: Any = connection.schema_editor()
    if _keeps_the_rows(old, new) and operation.model_name_lower not in READ_BY_EXECUTORS:
        return False
    return bool(editor._field_should_be_altered(old, new))


def _keeps_the_rows(old: Any, new: Any) -> bool:
    """Return True if only a text may be longer, or the default differs: no row is read."""
    first, second = (field.deconstruct()[1:] for field in (old, new))
    shorter, longer = (each[-1].pop("max_length", 0) for each in (first, second))
    for each in (first, second):
        for name in ("choices", "db_default"):
            each[-1].pop(name, None)
    return bool(first == second and shorter <= longer)


def _problems_of_column(name: str, field: "models.Field[Any, Any]") -> Iterator[str]:
    if not (field.null or field.many_to_many or field.has_db_default()):
        yield f"{name}: older code does not fill it in; it needs a db_default or null"


def _problems_of_code(operation: django.RunPython | django.RunSQL) -> Iterator[str]:
    source = str(getattr(operation, "sql", ""))
    if isinstance(operation, django.RunPython):
        source = inspect.getsource(sys.modules[operation.code.__module__])
    for table in sorted(LARGE.intersection(name.lower() for name in TABLE.findall(source))):
        yield f"{type(operation).__name__} goes through the table of {table}"


@pytest.mark.parametrize("app", RELEASED)
def test_released_first_migration_is_unchanged(app: str) -> None:
    first = ROOT / app / "migrations" / "0001_initial.py"
    assert sha256(first.read_bytes()).hexdigest() == RELEASED[app]


@pytest.mark.parametrize("name", later_migrations())
def test_later_migration_blocks_nobody(name: str) -> None:
    migration = later_migrations()[name]
    assert [*problems(migration, before(migration))] == []


NUMBER = models.IntegerField(null=True)
INDEX = models.Index(fields=["state"], name="task_state")
CHECK = models.CheckConstraint(condition=models.Q(position__gte=0), name="task_position")
SHORTER = models.CharField(max_length=9, blank=True)
LOCKS = "locks the table of task while it looks at it"


def over_tasks(apps: Any, schema_editor: Any) -> None:
    """Read a large table, which a migration may not."""
    apps.get_model("workflows", "Task")


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (django.AddIndex("task", INDEX), f"AddIndex {LOCKS}"),
        (django.AddConstraint("task", CHECK), f"AddConstraint {LOCKS}"),
        (django.AlterField("task", "title", models.TextField()), f"AlterField {LOCKS}"),
        (django.AlterField("task", "title", models.CharField(max_length=999)), LOCKS),
        (django.AlterField("event", "actor", SHORTER), "locks the table of event"),
        (django.AddField("task", "n", models.IntegerField(db_index=True, null=True)), LOCKS),
        (django.AddField("task", "n", models.IntegerField(default=0)), "task.n: older code"),
        (django.RunSQL("UPDATE workflows_task SET note = ''"), "RunSQL goes through the table of"),
        (django.RunPython(over_tasks), "RunPython goes through the table of task"),
    ],
)
def test_blocking_operation_is_reported(operation: Operation, expected: str) -> None:
    [problem] = problems(migration_of(operation), now())
    assert expected in problem


@pytest.mark.parametrize(
    "operation",
    [
        concurrently.AddIndex("task", INDEX),
        concurrently.AddCheck("task", CHECK),
        django.AddField("task", "n", NUMBER),
        django.AddField("task", "n", models.IntegerField(default=0, db_default=0)),
        django.AlterField("task", "title", models.CharField(max_length=300, help_text="New.")),
        django.AlterField("event", "actor", models.CharField(max_length=999, blank=True)),
        django.AddIndex("templatestep", INDEX),
    ],
)
def test_quick_operation_is_allowed(operation: Operation) -> None:
    assert [*problems(migration_of(operation), now())] == []


def migration_of(tried: Operation) -> migrations.Migration:
    class Migration(migrations.Migration):
        operations = [tried]

    return Migration("tried", "workflows")


def now() -> ProjectState:
    return MigrationLoader(None).project_state()

"""A check is added to a large table without reading its rows."""

from importlib import import_module

import pytest
from django.db import IntegrityError, connection, migrations, models
from django.db.migrations.state import ProjectState

from tests.factories import TaskFactory

AddCheck = import_module("workflows.migrations._concurrently").AddCheck
CHECK = models.CheckConstraint(condition=~models.Q(title="refused"), name="task_scratch_check")


@pytest.mark.django_db(transaction=True)
def test_added_check_refuses_new_rows() -> None:
    before = ProjectState.from_apps(import_module("django.apps").apps)
    added, removed = AddCheck("task", CHECK), migrations.RemoveConstraint("task", CHECK.name)
    after = before.clone()
    added.state_forwards("workflows", after)
    try:
        with connection.schema_editor(atomic=connection.vendor == "sqlite") as editor:
            added.database_forwards("workflows", editor, before, after)
        with pytest.raises(IntegrityError):
            TaskFactory.create(title="refused")
    finally:
        with connection.schema_editor() as editor:
            removed.database_forwards("workflows", editor, after, before)

"""
A process whose models have columns that the product knows nothing of.

    python -m tests.db.wider_models

adds the columns to the tables too, creates and dispatches a run, prints as JSON what is stored in
the new columns, and rolls everything back.
"""

import json
import os
from typing import Any

import django
from django.db import models
from django.db.models.signals import class_prepared

WIDENED = ("TemplateStep", "Task", "TaskDependency", "Approval", "Event", "TaskAttempt")
COPIED: dict[str, Any] = {"host": "copied", "region": "north"}


def widen(sender: Any, **_: object) -> None:
    """Give a model its new columns, as an edit of its class would."""
    if sender.__name__ in WIDENED:
        models.CharField(max_length=20, default="gpu-1").contribute_to_class(sender, "host")
        models.CharField(max_length=20, db_default="eu").contribute_to_class(sender, "region")


def add_columns(tables: list[str]) -> None:
    """Add the columns to the tables; a value that is not given to `host` is seen as None."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN host varchar(20)")
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN region varchar(20) DEFAULT 'eu'")


def create_and_dispatch_run() -> None:
    """Leave a row in each of the widened tables."""
    Runner.objects.get_or_create(name="local", defaults={"kind": "local", "is_default": True})
    template = TemplateFactory.create(drawing="a > b")
    template.steps.filter(step_id="a").update(**COPIED)
    template.steps.filter(step_id="b").update(requires_approval=True)
    dispatch_all(RunFactory.create(template=template))


def stored() -> dict[str, list[list[Any]]]:
    """Return the new columns of every row of the widened tables."""
    return {
        name: [list(row) for row in model.objects.order_by("pk").values_list("host", "region")]
        for name, model in ((name, apps.get_model("workflows", name)) for name in WIDENED)
    }


if __name__ == "__main__":
    class_prepared.connect(widen)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
    django.setup()
    from django.apps import apps
    from django.db import connection, transaction

    from runners.models import Runner
    from tests.factories import RunFactory, TemplateFactory
    from tests.support.verbs import dispatch_all

    block = transaction.atomic()
    vars(block)["_from_testcase"] = True  # dispatch_ready refuses to run inside any other
    with block:
        add_columns([apps.get_model("workflows", name)._meta.db_table for name in WIDENED])
        create_and_dispatch_run()
        print(json.dumps(stored()))  # noqa: T201 (a command's output)
        transaction.set_rollback(True)

"""Both apps on a project's database as it is, and in one of their own; the others stay alone."""

import pytest

from tests.embedded.conftest import MakeProject, NewDatabase
from tests.support.embedded import EmbeddedProject
from tests.support.long import long_only

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROUTER = """
OURS = {"workflows", "runners"}
class Ops:
    def db_for_read(self, model, **hints):
        return "ops" if model._meta.app_label in OURS else None
    db_for_write = db_for_read
    def allow_migrate(self, db, app_label, **hints):
        return (db == "ops") == (app_label in OURS)
"""
TEMPLATE = """
name: hello
steps:
  - step_id: a
    title: A
    payload: {command: [echo, hello]}
  - step_id: b
    title: B
    depends_on: [a]
    payload: {python: noop}
"""
DEFERRED = """
from django.db import connections, transaction
from runners import transaction as ours

def locks(alias, atomic):
    with connections[alias].execute_wrapper(note):
        with atomic():
            pass
def note(execute, sql, *rest):
    begun.append(sql)
    return execute(sql, *rest)

begun = []
locks("default", transaction.atomic)
locks("default", ours.atomic)
locks("default", transaction.atomic)
print(begun)
"""


def run_a_workflow(project: EmbeddedProject) -> None:
    """Import a template, run it, and compare all rows with the trail."""
    (project.folder / "hello.yaml").write_text(TEMPLATE)
    project.manage("import_workflow", "hello.yaml")
    assert "Workflow run 1 succeeded." in project.manage("run_workflow", "hello")
    assert "The trail explains every row" in project.manage("verify_run", "--all")


@long_only
def test_workflows_run_in_a_database_of_their_own(
    project: MakeProject, new_database: NewDatabase
) -> None:
    shop = project(f"{new_database('ops')}\nDATABASE_ROUTERS = ['shop.routers.Ops']")
    shop.write("routers.py", ROUTER)
    shop.install()
    assert "--database ops" in shop.manage("local_runner", fails=True)
    shop.manage("migrate")
    shop.manage("migrate", "--database", "ops")

    assert shop.check() == []
    run_a_workflow(shop)
    tables = shop.python("""
        from django.contrib.auth.models import Group
        from django.db import connections
        print(sorted(Group.objects.values_list("name", flat=True)))
        for alias in ("default", "ops"):
            tables = connections[alias].introspection.table_names()
            print(alias, {name.partition("_")[0] for name in tables})
    """)
    groups, default, ops = tables.splitlines()
    assert groups.count("Workflow") == 4
    assert "workflows" not in default
    assert "auth" not in ops


def test_workflows_run_on_the_database_as_it_is(project: MakeProject) -> None:
    shop = project()
    shop.install()
    shop.manage("migrate")
    run_a_workflow(shop)
    if "sqlite" in shop.python("from django.db import connection; print(connection.vendor)"):
        assert "delete" in shop.python("""
            from django.db import connection
            print(connection.cursor().execute("PRAGMA journal_mode").fetchone())
        """)
        assert shop.python(DEFERRED) == "['BEGIN', 'BEGIN IMMEDIATE', 'BEGIN']\n"


@long_only
def test_another_database_of_the_project_can_be_migrated_first(
    project: MakeProject, new_database: NewDatabase
) -> None:
    shop = project(new_database("archive"))
    shop.install()
    shop.manage("migrate", "--database", "archive")
    shop.manage("migrate")
    assert shop.check() == []


def test_connections_of_the_project_wait_as_it_says(project: MakeProject) -> None:
    shop = project()
    shop.write(
        "settings.py",
        """
        if "sqlite3" in DATABASES["default"]["ENGINE"]:
            DATABASES["default"]["OPTIONS"] = {"init_command": "PRAGMA busy_timeout=1234"}
        """,
    )
    shop.install()
    said = shop.python("""
        from django.db import connection
        from workflows.db.time_limits import limited
        def timeout():
            if connection.vendor != "sqlite":
                return 1234
            return connection.cursor().execute("PRAGMA busy_timeout").fetchone()[0]
        before = timeout()
        with limited(answer_s=1, lock_s=1):
            within = timeout()
        print(before, within, timeout())
    """)
    assert said in {"1234 1000 1234\n", "1234 1234 1234\n"}

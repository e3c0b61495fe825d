"""`manage.py check` of a project: clean as it is, and it names what both apps cannot work on."""

import pytest

from tests.embedded.conftest import MakeProject, NewDatabase
from tests.support.embedded import EmbeddedProject

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROUTER = """
class Ours:
    where = {}
    def db_for_read(self, model, **hints):
        return self.where.get(model._meta.app_label)
    db_for_write = db_for_read
    def allow_migrate(self, db, app_label, **hints):
        return db == self.where.get(app_label, "default")

class Apart(Ours):
    where = {"workflows": "ops"}

class Replica(Ours):
    def db_for_read(self, model, **hints):
        return "ops"

class Nowhere(Ours):
    where = {"workflows": "ops", "runners": "ops"}
    def allow_migrate(self, db, app_label, **hints):
        return False if db == "ops" else None
"""
ENGINE = """
from django.db.backends.sqlite3.base import *
from django.db.backends.sqlite3 import base
class DatabaseWrapper(base.DatabaseWrapper):
    vendor = "%s"
"""


def of_engine(project: EmbeddedProject, vendor: str) -> None:
    """Give the project an engine of its own, as django-prometheus does."""
    project.write("engine/__init__.py", "")
    project.write("engine/base.py", ENGINE % vendor)
    engine = "DATABASES['default'] = {'ENGINE': 'shop.engine', 'NAME': BASE_DIR / 'e.sqlite3'}"
    project.write("settings.py", engine)


def test_project_with_our_lines_alone_is_clean_before_and_after_migrating(
    project: MakeProject,
) -> None:
    shop = project()
    shop.install()
    assert shop.check() == []
    shop.manage("migrate")
    assert shop.check() == []
    assert "No changes detected" in shop.manage("makemigrations", "--check")


def test_primary_keys_of_the_project_are_not_ours(project: MakeProject) -> None:
    shop = project("DEFAULT_AUTO_FIELD = 'shop.keys.Key'")
    shop.write(
        "keys.py", "from django.db.models import BigAutoField\nclass Key(BigAutoField): pass"
    )
    shop.install()
    assert "No changes detected" in shop.manage("makemigrations", "--check", "runners", "workflows")


@pytest.mark.parametrize(
    ("lines", "ids"),
    [
        ("USE_TZ = False", ["orchestrator.E012"]),
        ("DATA_UPLOAD_MAX_NUMBER_FIELDS = 200", ["orchestrator.W002"]),
        ("DATA_UPLOAD_MAX_NUMBER_FIELDS = None", []),
        ("DATABASE_ROUTERS = ['shop.routers.Apart']", ["orchestrator.E009"]),
        ("DATABASE_ROUTERS = ['shop.routers.Replica']", ["orchestrator.E009"]),
        ("DATABASE_ROUTERS = ['shop.routers.Nowhere']", ["orchestrator.E009"]),
        ("ORCHESTRATOR = {'RUN_DIR': '/srv/runs'}", ["orchestrator.E001"]),
    ],
)
def test_wrong_settings_are_named(
    project: MakeProject, new_database: NewDatabase, lines: str, ids: list[str]
) -> None:
    shop = project(f"{new_database('ops')}\n{lines}")
    shop.write("routers.py", ROUTER)
    shop.install()
    assert shop.check() == ids


@pytest.mark.parametrize(("vendor", "ids"), [("sqlite", []), ("mysql", ["orchestrator.E010"])])
def test_other_databases_are_refused_and_other_engines_are_not(
    project: MakeProject, vendor: str, ids: list[str]
) -> None:
    shop = project()
    of_engine(shop, vendor)
    shop.install()
    assert shop.check() == ids


@pytest.mark.parametrize("app", ["django.contrib.admin", "runners"])
def test_project_without_an_app_that_is_needed_is_told_so(project: MakeProject, app: str) -> None:
    shop = project()
    shop.install()
    shop.write("settings.py", f"INSTALLED_APPS.remove('{app}')")
    said = shop.manage("check", fails=True)
    assert f'The app workflows needs "{app}" in INSTALLED_APPS.' in said


def test_strict_isolation_is_warned_of(project: MakeProject) -> None:
    shop = project()
    of_engine(shop, "postgresql")
    shop.write("settings.py", "DATABASES['default']['OPTIONS'] = {'isolation_level': 4}")
    shop.install()
    assert "orchestrator.W005" in shop.manage("check", fails=None)


def test_commands_refuse_to_work_on_what_they_cannot(project: MakeProject) -> None:
    shop = project()
    of_engine(shop, "mysql")
    shop.install()
    said = shop.manage("tick", fails=True)
    assert "The database 'default' is neither SQLite nor PostgreSQL." in said


def test_deployment_on_sqlite_is_told_to_use_wal(project: MakeProject) -> None:
    shop = project()
    of_engine(shop, "sqlite")
    shop.install()
    shop.manage("migrate")
    assert "orchestrator.W003" in shop.manage("check", "--deploy", fails=None)
    options = '{"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"}'
    shop.write("settings.py", f"DATABASES['default']['OPTIONS'] = {options}")
    assert "orchestrator.W003" not in shop.manage("check", "--deploy", fails=None)

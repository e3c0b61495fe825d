"""System checks: the project's database and settings are such that both apps can work on them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 (Django's names)
from django.db import DatabaseError, router

from runners.database import connection, database_alias

FEWEST_FORM_FIELDS = 1_000
"""Django's own limit, enough for the form of a template with 120 steps."""
APPS = ("runners", "workflows")
OTHER = "The database '{}' is neither SQLite nor PostgreSQL."
USE_ANOTHER = "Keep both apps in a database of their own by DATABASE_ROUTERS: see docs/settings.md."
OLD_DRIVER = "PostgreSQL is used through psycopg2."
USE_PSYCOPG = "Install psycopg 3, which Django then uses instead: pip install 'psycopg[binary]'"
NAIVE = "USE_TZ is off: moments would be ambiguous twice a year, and leases end at wrong times."
APART = "DATABASE_ROUTERS spreads the models of both apps over several databases: {}."
TOGETHER = "Name one database for reading and writing all models of runners and workflows."
NOT_THERE = "DATABASE_ROUTERS names the database '{}' for both apps, and allows no tables in it."
LET_THEM = "Let allow_migrate return True for this database and the apps runners and workflows."
FEW_FIELDS = f"DATA_UPLOAD_MAX_NUMBER_FIELDS is below {FEWEST_FORM_FIELDS:,}."
MORE_FIELDS = "The form of a template has eight fields for each step; large ones cannot be saved."
NO_WAL = "SQLite is not in WAL mode: whoever reads keeps others from writing meanwhile."
READ_COMMITTED = 2
"""As psycopg counts isolation levels."""
STRICT = "PostgreSQL's isolation level is not READ COMMITTED: what waits for a lock then fails."
READ_WHAT_IS_COMMITTED = (
    "Leave isolation_level out of the database's OPTIONS, or keep both apps in a database of their "
    "own: see docs/settings.md."
)
WRITE_THIS = (
    'Add to the database in DATABASES: "OPTIONS": {"transaction_mode": "IMMEDIATE", '
    '"init_command": "PRAGMA journal_mode=WAL"}'
)


def check_database(app_configs: object = None, **_: Any) -> list[CheckMessage]:
    """Say what keeps both apps from working on the project's database."""
    if message := _wrong_routes() or _wrong_engine() or _strict_isolation():
        return [message]
    return []


def check_project_settings(app_configs: object = None, **_: Any) -> Iterator[CheckMessage]:
    """Say which of Django's own settings do not fit."""
    if not settings.USE_TZ:
        yield Error(NAIVE, hint="Set USE_TZ = True.", id="orchestrator.E012")
    most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    if (most or FEWEST_FORM_FIELDS) < FEWEST_FORM_FIELDS:
        yield Warning(FEW_FIELDS, hint=MORE_FIELDS, id="orchestrator.W002")


def check_journal(app_configs: object = None, **_: Any) -> list[CheckMessage]:
    """Warn, before a deployment, of a SQLite that lets nobody write while somebody reads."""
    if connection.vendor != "sqlite" or not Path(str(connection.settings_dict["NAME"])).is_file():
        return []
    try:
        with connection.cursor() as cursor:
            [mode] = cursor.execute("PRAGMA journal_mode").fetchone()
    except DatabaseError:  # no database
        return []
    return [] if mode == "wal" else [Warning(NO_WAL, hint=WRITE_THIS, id="orchestrator.W003")]


def _wrong_routes() -> CheckMessage | None:
    models = [model for label in APPS for model in apps.get_app_config(label).get_models()]
    ways = (router.db_for_read, router.db_for_write)
    aliases = {choose(model) for model in models for choose in ways}
    if len(aliases) > 1:
        text = APART.format(", ".join(sorted(aliases)))
        return Error(text, hint=TOGETHER, id="orchestrator.E009")
    if all(router.allow_migrate_model(database_alias(), model) for model in models):
        return None
    return Error(NOT_THERE.format(database_alias()), hint=LET_THEM, id="orchestrator.E009")


def _strict_isolation() -> CheckMessage | None:
    level = connection.settings_dict["OPTIONS"].get("isolation_level")
    if connection.vendor != "postgresql" or level in {None, READ_COMMITTED}:
        return None
    return Warning(STRICT, hint=READ_WHAT_IS_COMMITTED, id="orchestrator.W005")


def _wrong_engine() -> CheckMessage | None:
    # By what it is, not by its name: a project may use a subclass, such as django-prometheus'.
    if connection.vendor not in {"sqlite", "postgresql"}:
        text = OTHER.format(database_alias())
        return Error(text, hint=USE_ANOTHER, id="orchestrator.E010")
    if connection.vendor == "postgresql":
        from django.db.backends.postgresql.psycopg_any import is_psycopg3

        if not is_psycopg3:
            return Error(OLD_DRIVER, hint=USE_PSYCOPG, id="orchestrator.E011")
    return None

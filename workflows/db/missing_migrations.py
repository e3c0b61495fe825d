"""Which migrations of the apps the database lacks, and of those that they build on."""

from django.db import DEFAULT_DB_ALIAS
from django.db.migrations.executor import MigrationExecutor

from runners.database import connection

APPS = ("runners", "workflows")


def missing_migrations() -> str:
    """Return how many migrations are not applied, and the remedy; '' if none is missing."""
    executor = MigrationExecutor(connection)
    n = len(executor.migration_plan(_latest(executor)))
    which = "1 migration is" if n == 1 else f"{n} migrations are"
    where = "" if connection.alias == DEFAULT_DB_ALIAS else f" --database {connection.alias}"
    return f"{which} not applied: run manage.py migrate{where}." if n else ""


def _latest(executor: MigrationExecutor) -> list[tuple[str, str]]:
    # Others may be missing for a reason of the project's own.
    nodes: list[tuple[str, str]] = executor.loader.graph.leaf_nodes()
    return [node for node in nodes if node[0] in APPS]

"""Which migrations the database lacks."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def missing_migrations() -> str:
    """Return how many migrations are not applied, and the remedy; '' if none is missing."""
    executor = MigrationExecutor(connection)
    n = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    which = "1 migration is" if n == 1 else f"{n} migrations are"
    return f"{which} not applied: run manage.py migrate." if n else ""

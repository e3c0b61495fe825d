"""Empty, durable databases that are dropped after the measurement."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex, token_urlsafe
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

from tests.support import postgres

KINDS = ("postgresql", "sqlite")


@contextmanager
def database(kind: str) -> Iterator[str]:
    """Yield the URL of an empty database of a kind."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="bench-") as home:
            yield f"sqlite:///{Path(home) / 'db.sqlite3'}"
    else:
        with postgres.server(durable=True) as server, fresh(server) as url:
            yield url


@contextmanager
def fresh(server: str) -> Iterator[str]:
    """Yield the URL of an empty database on a PostgreSQL server."""
    name = Identifier(text := f"bench_{token_hex(4)}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(name))
        try:
            yield urlsplit(server)._replace(path=f"/{text}").geturl()
        finally:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def set_up(url: str) -> None:
    """Set Django up in this process with production settings, and migrate the database."""
    os.environ |= {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "orchestrator.settings",
        "DEBUG": "off",
        "SECRET_KEY": token_urlsafe(50),
        "ALLOWED_HOSTS": "127.0.0.1",
        "TASK_FUNCTION_MODULES": "runners.functions,benchmarks.functions",
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)

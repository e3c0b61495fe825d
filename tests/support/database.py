"""Databases as other processes reach them: that of the running test, and new ones."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg
from django.db import connection

SERVER = os.environ.get("DATABASE_URL", "")


@contextmanager
def empty_database(folder: Path) -> Iterator[str]:
    """Yield the URL of a new database, on the server of the other tests if they have one."""
    if not SERVER.startswith("postgres"):
        yield f"sqlite:///{folder / 'site.sqlite3'}"
        return
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield urlsplit(SERVER)._replace(path=f"/{name}").geturl()
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def database_url() -> str:
    """Return the DATABASE_URL of the test's own database."""
    name = quote(str(connection.settings_dict["NAME"]))
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    server = urlsplit(os.environ["DATABASE_URL"])
    return f"{server.scheme}://{server.netloc}/{name}?{server.query}"


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that works on the test's own database."""
    return {**os.environ, "DATABASE_URL": database_url(), **more}

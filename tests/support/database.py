"""Databases as other processes reach them: that of the running test, and new ones."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg
from django.db import connection

from tests.support.session import alone, shared

ROOT = Path(__file__).parents[2]
SERVER = os.environ.get("DATABASE_URL", "")
IS_POSTGRESQL = SERVER.startswith("postgres")


@contextmanager
def empty_database(folder: Path) -> Iterator[str]:
    """Yield the URL of a new database, on the server of the other tests if they have one."""
    if IS_POSTGRESQL:
        with _created(template="template1") as url:
            yield url
    else:
        yield _in(folder)


@contextmanager
def migrated_database(folder: Path) -> Iterator[str]:
    """Yield the URL of a new database as `migrate` makes it, copied from one of this session."""
    if IS_POSTGRESQL:
        with _created(template=_migrated_on_the_server()) as url:
            yield url
    else:
        shutil.copy(migrated_file(), folder / FILE)
        yield _in(folder)


FILE = "site.sqlite3"


def _in(folder: Path) -> str:
    return f"sqlite:///{folder / FILE}"


def _on_the_server(name: str) -> str:
    return urlsplit(SERVER)._replace(path=f"/{name}").geturl()


@contextmanager
def _created(*, template: str) -> Iterator[str]:
    name = f"made_{uuid4().hex}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield _on_the_server(name)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def migrated_file() -> Path:
    """Return the SQLite file of a site that nobody has used yet; made once per session."""
    made = shared() / "migrated"
    with alone("migrated"):
        if not made.exists():
            making = made.with_name("migrating")
            making.mkdir()
            _migrate(_in(making))
            making.rename(made)
    return made / FILE


def _migrated_on_the_server() -> str:
    """Return the name of such a database on the server of the tests."""
    name = f"migrated_{shared().name.rpartition('-')[2]}"
    with alone(name), psycopg.connect(SERVER, autocommit=True) as server:
        if not (shared() / name).exists():
            server.execute(f"CREATE DATABASE {name}")
            _migrate(_on_the_server(name))
            (shared() / name).touch()
    return name


def _migrate(url: str) -> None:
    settings = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "orchestrator.settings"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, check=True)


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

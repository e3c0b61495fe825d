"""Writes the figures and their conditions into the documentation."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PARTS = ("Django", "psycopg")
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


def publish(name: str, text: str, page: Path = PAGE) -> None:
    """
    Replace the text between the markers `<!-- name -->` and `<!-- /name -->`.

    :raises ValueError: if the page has no such markers.
    """
    markers = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    before = page.read_text()
    if not markers.search(before):
        raise ValueError(f"{page} has no markers <!-- {name} --> and <!-- /{name} -->")
    page.write_text(markers.sub(lambda found: f"{found[1]}{text}\n{found[2]}", before))


def describe_conditions(kind: str) -> str:
    """Return a paragraph on when, where and with which versions this is measured."""
    versions = ", ".join(f"{part} {version(part)}" for part in PARTS)
    settings = postgres_settings() if kind == "postgresql" else sqlite_settings()
    return f"{describe_machine()} Python {platform.python_version()}, {versions}; {settings}."


def describe_machine() -> str:
    """Return the time, the number of cores and the load of this machine."""
    busy = os.getloadavg()[0]
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load before the start {busy:.1f}."


def postgres_settings() -> str:
    """Return the version of PostgreSQL and its settings on durability."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0].split()[0]
        durability = []
        for name in DURABLE:
            cursor.execute(f"SHOW {name}")
            durability.append(f"{name} {cursor.fetchone()[0]}")
    return f"PostgreSQL {server}, {', '.join(durability)}"


def sqlite_settings() -> str:
    """Return the version of SQLite and its settings on durability."""
    import sqlite3

    return f"SQLite {sqlite3.sqlite_version}, WAL, synchronous NORMAL"

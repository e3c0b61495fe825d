"""The page of the documentation that shows the figures, and under which conditions they arose."""

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
    Replace what stands between the markers `<!-- name -->` and `<!-- /name -->`.

    :raises ValueError: if the page has no such markers.
    """
    markers = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    before = page.read_text()
    if not markers.search(before):
        raise ValueError(f"{page} has no markers <!-- {name} --> and <!-- /{name} -->")
    page.write_text(markers.sub(lambda found: f"{found[1]}{text}\n{found[2]}", before))


def conditions(kind: str) -> str:
    """Say in one paragraph when, where and on what is being measured."""
    versions = ", ".join(f"{part} {version(part)}" for part in PARTS)
    settings = postgres_settings() if kind == "postgresql" else sqlite_settings()
    return f"{machine()} Python {platform.python_version()}, {versions}; {settings}."


def machine() -> str:
    """Say when and where, and how busy it was there."""
    busy = os.getloadavg()[0]
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load before the start {busy:.1f}."


def postgres_settings() -> str:
    """Say which PostgreSQL, and that it is durable."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0].split()[0]
        said = []
        for name in DURABLE:
            cursor.execute(f"SHOW {name}")
            said.append(f"{name} {cursor.fetchone()[0]}")
    return f"PostgreSQL {server}, {', '.join(said)}"


def sqlite_settings() -> str:
    """Say which SQLite, and how durable it is."""
    import sqlite3

    return f"SQLite {sqlite3.sqlite_version}, WAL, synchronous NORMAL"

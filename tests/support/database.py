"""The database of the running test, as other processes reach it."""

import os
from urllib.parse import quote, urlsplit

from django.db import connection


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

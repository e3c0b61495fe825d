"""
The one database of both apps: the default one, or the one that the project's router names.

Both apps say `connection` and `transaction` as Django does, and import them from this package. So a
router that keeps both apps in one database of their own is all that this takes.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.utils.connection import ConnectionProxy

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    Proxy = ConnectionProxy[Any]
else:
    Proxy = ConnectionProxy


@cache
def database_alias() -> str:
    """Return the alias of the database."""
    if not settings.DATABASE_ROUTERS:
        return DEFAULT_DB_ALIAS
    return router.db_for_write(apps.get_model("runners", "Runner", require_ready=False))


class OurConnection(Proxy):
    """The connection of the present thread."""

    @property
    def _alias(self) -> str:
        # Asked at each use: routers are known when all apps are.
        return database_alias()


connection = cast("BaseDatabaseWrapper", OurConnection(connections, DEFAULT_DB_ALIAS))

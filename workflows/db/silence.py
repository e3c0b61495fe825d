"""
Ends the wait of a thread for a database that is silent.

TCP notices a peer that is gone, not one that takes bytes and never answers, such as a proxy whose
server has died. A thread that is watched says when it has heard something; another thread cuts its
connection once that is too long ago. The wait then raises, and the next statement connects again.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import connections

from runners.database import connection

SILENT_AFTER_S = 60.0
"""How long one statement may take, or whatever is done between two of them."""


class SilenceGuard:
    """Knows when the thread that has made it last got an answer from its database."""

    def __init__(self, silent_after_s: float | None = None) -> None:
        """Guard the connection of the present thread."""
        self._silent_after_s = silent_after_s or SILENT_AFTER_S
        self._connection = connections[connection.alias]
        self._heard_at = time.monotonic()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note each answer during this block; only in the thread that is guarded."""
        self.note()
        with self._connection.execute_wrapper(self):
            yield

    def __call__(self, execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        """Execute a statement, and note its beginning and its answer."""
        self.note()
        try:
            return execute(statement, values, many, context)
        finally:
            self.note()

    def note(self) -> None:
        """Note that the thread does not wait in vain."""
        self._heard_at = time.monotonic()

    def cut_if_silent(self) -> None:
        """Cut the connection if nothing was noted for too long; from another thread."""
        if time.monotonic() < self._heard_at + self._silent_after_s:
            return
        self.note()
        if self._connection.vendor == "postgresql" and self._connection.connection is not None:
            # The descriptor stays open, so that its number cannot become another file's meanwhile.
            with (
                suppress(Exception),  # it is closed by now
                socket.socket(fileno=os.dup(self._connection.connection.fileno())) as wire,
            ):
                wire.shutdown(socket.SHUT_RDWR)

"""Whether something may have been stored before the database refused, or by what it refused."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import connections, transaction

from workflows.db.refusals import is_silence

WRITING = re.compile(r"\s*(INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)


class StatementWatch:
    """What the statements of one request or command have done; an execute wrapper."""

    def __init__(self) -> None:
        """Begin with none."""
        self.began_at = time.monotonic()
        self.is_answered = False
        self._has_committed = False
        self._may_commit = False

    def __call__(
        self, execute: Any, sql: str, values: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """Execute a statement; note whether it was answered, and whether it has written."""
        try:
            answer = execute(sql, values, many, context)
        except Exception:
            self._may_commit = False  # its transaction is rolled back
            raise
        self.is_answered = True
        if WRITING.match(sql):
            self._may_commit = True
            transaction.on_commit(self._committed, using=context["connection"].alias)
        return answer

    def _committed(self) -> None:
        self._has_committed, self._may_commit = True, False

    def is_outcome_open(self, exc: BaseException) -> bool:
        """Return True unless nothing was stored for certain when the database refused something."""
        # An error that the database reports has rolled its transaction back; silence may follow a
        # COMMIT that was carried out.
        return self._has_committed or (self._may_commit and is_silence(exc))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the statements of this thread in this block."""
        with ExitStack() as wrappers:
            for connection in connections.all():
                wrappers.enter_context(connection.execute_wrapper(self))
            yield

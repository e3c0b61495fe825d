"""Times a stretch of the product's work; on request, counts what it asks the database."""

import re
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from django.db import connection

NEXT_STATEMENT = re.compile(r";\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b")


class Clock:
    """`with clock:` around what is measured; outside of it, work is not part of the figure."""

    def __init__(self, *, counts: bool = False) -> None:
        """Start at nothing; counting costs time, so that who counts does not look at the time."""
        self.seconds = 0.0
        self.statements = 0
        self._counts = counts

    def __enter__(self) -> Self:
        """Begin."""
        self._stack = ExitStack()
        if self._counts:
            self._stack.enter_context(connection.execute_wrapper(self._count))
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        """Add what it took."""
        self.seconds += time.perf_counter() - self._began
        self._stack.close()

    def _count(self, then: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        # Several may travel as one message.
        self.statements += 1 + len(NEXT_STATEMENT.findall(str(statement)))
        return then(statement, values, many, context)


def forget_peak_memory() -> None:
    """Let the peak begin anew where the system can do so (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory_mb() -> float | None:
    """Return the most memory that this process held since then; None where nobody says so."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else None

"""Times a part of the product's work; counts its database statements on request."""

import re
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from django.db import connection

NEXT_STATEMENT = re.compile(r";\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b")


class Clock:
    """Measures the blocks inside `with clock:`, added up."""

    def __init__(self, *, counts: bool = False) -> None:
        """Start at zero; counting costs time, so ignore the seconds of a clock that counts."""
        self.seconds = 0.0
        self.statements = 0
        self._counts = counts

    def __enter__(self) -> Self:
        """Start the clock."""
        self._stack = ExitStack()
        if self._counts:
            self._stack.enter_context(connection.execute_wrapper(self._count))
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the clock and add the seconds."""
        self.seconds += time.perf_counter() - self._began
        self._stack.close()

    def _count(self, then: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        # One message may carry several statements.
        self.statements += 1 + len(NEXT_STATEMENT.findall(str(statement)))
        return then(statement, values, many, context)


def forget_peak_memory() -> None:
    """Reset the peak of this process's memory (Linux only)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory_mb() -> float | None:
    """Return the peak memory since the reset; None where the system does not report it."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else None

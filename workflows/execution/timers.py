"""What an executor does every so often."""

import time
from collections.abc import Callable

from workflows.execution.set_aside import SetAside


class Timers:
    """Calls functions at intervals; one that fails is called again after a pause."""

    def __init__(self) -> None:
        """Begin; each function is due at once."""
        self._due_at: dict[str, float] = {}
        self._set_aside = SetAside()

    def run(self, name: str, every_s: float, function: Callable[[], object]) -> None:
        """Call a function if it is due; what it raises is logged under its name."""
        if not self.is_due(name) or name in self._set_aside:
            return
        self._due_at[name] = time.monotonic() + every_s
        with self._set_aside.bulkhead(name):
            function()

    def is_due(self, name: str) -> bool:
        """Return True if the interval since the last call is over."""
        return time.monotonic() >= self._due_at.get(name, 0)

"""Notices that the files of functions have changed while an executor goes on with the old ones."""

import logging
import os
import sys

from runners.function_files import FunctionFiles
from runners.slots.server_handle import fork_server

LOOK_AT_FILES_EVERY_S = 1.0
CHANGED = (
    "%s has changed; this executor goes on with what it has loaded. Restart the executor "
    "(with --reload, in development, it does so by itself)."
)
RESTARTING = "%s has changed: this executor restarts with the new code."

logger = logging.getLogger(__name__)


class FunctionWatch:
    """Says once for each change what is to be done, or that the executor restarts itself."""

    def __init__(self, *, restarts: bool) -> None:
        """Look at the files as they are now."""
        self._files = FunctionFiles()
        self._restarts = restarts
        self.wants_restart = False

    def look(self) -> None:
        """Look whether a file has changed since the last time."""
        if changed := self._files.changed():
            if self._restarts:
                self.wants_restart = True
                logger.info(RESTARTING, ", ".join(changed))
            else:
                logger.warning(CHANGED, ", ".join(changed))


def restart() -> None:
    """Start this command anew, in the same process: whoever supervises it sees no end."""
    fork_server().close()
    os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 (our own arguments)

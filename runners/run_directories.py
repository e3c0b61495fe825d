"""The directories in which the tasks of a run leave files for each other, on one machine."""

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from runners.slots.account import present_account

VARIABLE = "ORCHESTRATOR_RUN_DIR"
MOST_AT_ONCE = 500
"""So many directories are removed by one command: its arguments have a limit."""


def make_run_directory(path: str) -> None:
    """
    Make the directory unless it is there, for the user of this process alone.

    If that is not possible, whoever uses it hears from the system what is wrong: most tasks do not.
    """
    with suppress(OSError):
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        os.mkdir(path, 0o700)


class Removal:
    """Removes directories in the background, as the user whose files are in them."""

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_busy(self) -> bool:
        """True while the last directories are being removed."""
        return self._process is not None and self._process.poll() is None

    def begin(self, paths: Sequence[str]) -> None:
        """Remove the first of these directories; what cannot be removed stays."""
        self._process = subprocess.Popen(  # noqa: S603 (no text of an author is among them)
            ["/bin/rm", "-rf", "--", *paths[:MOST_AT_ONCE]],
            cwd="/",
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **_owner(),
        )

    def wait(self) -> None:
        """Wait until they are removed."""
        if self._process:
            self._process.wait()


def _owner() -> dict[str, Any]:
    account = present_account()
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": account.groups}

"""What the kernel keeps about a process and hands on to its children, but shows in no one place."""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

OOM_SCORE = Path("/proc/self/oom_score_adj")
PR_GET_PDEATHSIG = 2
PR_GET_DUMPABLE = 3
PR_GET_TIMERSLACK = 30
PR_GET_CHILD_SUBREAPER = 37
IOPRIO_GET = {"x86_64": 252, "aarch64": 31}
"""The C library has no function for it, so the system call's number is needed."""
IOPRIO_WHO_PROCESS = 1


class KernelState:
    """Asks the kernel about this process; on systems other than Linux, it has nothing to ask."""

    def __init__(self) -> None:
        """Open what is read each time."""
        self._libc = ctypes.CDLL(None) if sys.platform == "linux" else None
        self._oom_score = _open(OOM_SCORE)
        self._ioprio_get = IOPRIO_GET.get(os.uname().machine)
        self._answer = ctypes.c_int()

    def look(self) -> tuple[object, ...]:
        """Return the present state, to be compared with another one."""
        if self._libc is None:
            return ()
        return (
            os.pread(self._oom_score, 16, 0) if self._oom_score is not None else b"",
            self._libc.syscall(self._ioprio_get, IOPRIO_WHO_PROCESS, 0) if self._ioprio_get else 0,
            self._libc.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
            self._libc.prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0),
            self._get(PR_GET_PDEATHSIG),
            self._get(PR_GET_CHILD_SUBREAPER),
        )

    def _get(self, what: int) -> int:
        self._libc.prctl(what, ctypes.byref(self._answer), 0, 0, 0)  # type: ignore[union-attr]
        return self._answer.value


def _open(path: Path) -> int | None:
    with suppress(OSError):
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    return None

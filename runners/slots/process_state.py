"""
What a function can change about the process it runs in, and would leave to the next attempt.

Nothing is restored: a slot whose state differs after a function is replaced. A look takes about
30 µs. It does not see `os.putenv`, nor changes of Django's settings or of a module's attributes.
"""

import _signal  # type: ignore[import-not-found]  # without enums, a twentieth of the time
import fcntl
import gc
import locale
import logging
import os
import resource
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from contextlib import suppress
from typing import Any, NamedTuple, TextIO

from runners.slots.kernel_state import KernelState

SIGNALS = [number for number in range(1, signal.NSIG) if number in signal.valid_signals()]
LIMITS = sorted({getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")})
CHECK_AGAIN_EVERY_S = 0.002
ENDING_TAKES_S = 0.02
"""How long a thread that has been joined may still be seen by the kernel."""


class ProcessState(NamedTuple):
    """The state of this process at one moment; two are compared as tuples."""

    status: Any
    descriptors: list[str]
    blocking: tuple[int, ...]
    handlers: list[Any]
    timers: tuple[Any, ...]
    environment: dict[Any, Any]
    directory: str
    priority: tuple[int, int]
    kernel: tuple[object, ...]
    limits: list[Any]
    locale: str
    logging: tuple[Any, ...]
    warnings: list[Any]
    interpreter: tuple[Any, ...]


class StateWatch:
    """Compares the state of this process with what it was when the watch began."""

    def __init__(self, channel: int) -> None:
        """Remember the present state; `channel` is a descriptor that must stay as it is."""
        self._channel = channel
        self._status = _open_status()
        self._kernel = KernelState()
        self._before = self._look()

    def changes(self) -> list[str]:
        """Return what differs; a thread that is about to end is waited for."""
        give_up_at = time.monotonic() + ENDING_TAKES_S
        while changed := self._changed():
            if changed != ["status"] or time.monotonic() > give_up_at:
                break
            time.sleep(CHECK_AGAIN_EVERY_S)
        return changed

    def _changed(self) -> list[str]:
        try:
            now = self._look()
        except Exception:  # noqa: BLE001 (a function can put anything in the place of what is read)
            return ["unreadable"]
        if now == self._before:
            return []
        pairs = zip(ProcessState._fields, self._before, now, strict=True)
        return [name for name, before, after in pairs if before != after]

    def _look(self) -> ProcessState:
        return ProcessState(
            status=_status_in(self._status),
            descriptors=_open_descriptors(),
            blocking=(fcntl.fcntl(0, fcntl.F_GETFL), fcntl.fcntl(self._channel, fcntl.F_GETFL)),
            handlers=[_signal.getsignal(number) for number in SIGNALS],
            timers=(signal.getitimer(0), signal.getitimer(1), signal.getitimer(2)),
            environment=dict(os.environ._data),  # type: ignore[attr-defined]
            directory=_directory(),
            priority=(os.getpriority(os.PRIO_PROCESS, 0), _scheduler()),
            kernel=self._kernel.look(),
            limits=[resource.getrlimit(limit) for limit in LIMITS],
            locale=locale.setlocale(locale.LC_ALL),
            logging=(*logging.root.handlers, logging.root.level, logging.root.manager.disable),
            warnings=list(warnings.filters),
            interpreter=_interpreter(),
        )


def _directory() -> str:
    """Return where this process is; a directory that has been deleted since has no name."""
    with suppress(FileNotFoundError):
        return os.getcwd()
    return ""


def _scheduler() -> int:
    return os.sched_getscheduler(0) if hasattr(os, "sched_getscheduler") else 0


def _interpreter() -> tuple[Any, ...]:
    return (
        *map(_stream, (sys.stdin, sys.stdout, sys.stderr)),
        sys.excepthook,
        sys.unraisablehook,
        threading.excepthook,
        sys.gettrace(),
        sys.getprofile(),
        sys.getswitchinterval(),
        sys.getrecursionlimit(),
        sys.get_int_max_str_digits(),
        gc.isenabled(),
        gc.get_threshold(),
        socket.getdefaulttimeout(),
        time.tzname,
        tempfile.tempdir,
        *sys.argv,
        *sys.path,
        *sys.path_hooks,
        *sys.meta_path,
    )


def _stream(stream: TextIO) -> tuple[Any, ...]:
    return id(stream), stream.closed, stream.encoding, stream.errors


def _open_descriptors() -> list[str]:
    with suppress(FileNotFoundError):
        return os.listdir("/proc/self/fd")
    return os.listdir("/dev/fd")


def _open_status() -> int | None:
    with suppress(FileNotFoundError):
        return os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
    return None


def _status_in(descriptor: int | None) -> Any:
    """Return the umask, users, threads, signal masks, capabilities and processors."""
    if descriptor is None:
        umask = os.umask(0)
        os.umask(umask)
        return umask, threading.active_count()
    content = os.pread(descriptor, 8192, 0)
    # What lies between these varies by itself: memory, the size of the table of descriptors.
    return (
        content[: content.index(b"FDSize")],
        content[content.index(b"Threads:") : content.index(b"SigQ:")],
        content[content.index(b"SigPnd") : content.index(b"voluntary_ctxt")],
    )

"""Functions for payloads of tests that leave something behind, or answer for somebody else."""

import ctypes
import gc
import io
import locale
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone, translation

from runners.functions import task_function

kept: list[Any] = []
"""What a function keeps open, as a module-level session does."""


def _unblock(descriptor: int) -> None:
    os.set_blocking(descriptor, False)


def _fork(call: Callable[[], int]) -> None:
    if call() == 0:
        time.sleep(0.2)


def _start_thread() -> None:
    def print_for_a_while() -> None:
        for _ in range(20):
            print("STRAY")  # noqa: T201
            time.sleep(0.05)

    threading.Thread(target=print_for_a_while).start()


def _start_child() -> None:
    kept.append(
        subprocess.Popen(["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do echo STRAY; sleep 0.2; done"])
    )


def _start_daemon() -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1)
            os.write(1, b"STRAY\n")
            time.sleep(300)
        os._exit(0)


def _trace(*_: object) -> None:
    """Trace nothing."""


def _refuse_statement(*_: object) -> None:
    raise RuntimeError("a wrapper of another function")


def _exit_with_timer() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.3)


LEAVINGS: dict[str, Callable[[], object]] = {
    "directory": lambda: os.chdir("/"),
    "environment": lambda: os.environ.update(LEFT_BEHIND="yes"),
    "umask": lambda: os.umask(0o077),
    "priority": lambda: os.nice(5),
    "signal handler": lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL),
    "C signal handler": lambda: ctypes.CDLL(None).signal(int(signal.SIGUSR1), 1),
    "blocked signal": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]),
    "limit": lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
    "locale": lambda: locale.setlocale(locale.LC_ALL, "C.UTF-8"),
    "language": lambda: translation.activate("de"),
    "time zone": lambda: timezone.activate("Asia/Tokyo"),
    "stdin flags": lambda: os.set_blocking(0, False),
    "channel flags": lambda: list(map(_unblock, _sockets())),
    "open file": lambda: kept.append(os.open(os.devnull, os.O_RDONLY)),
    "closed stdin": lambda: os.close(0),
    "closed streams": lambda: list(map(os.close, (0, 1, 2))),
    "standard output": lambda: setattr(sys, "stdout", sys.stderr),
    "closed output": lambda: sys.stdout.close(),
    "no output": lambda: setattr(sys, "stdout", None),
    "encoding": lambda: sys.stdout.reconfigure(encoding="ascii"),  # type: ignore[union-attr]
    "arguments": lambda: sys.argv.append("left"),
    "finder": lambda: sys.meta_path.insert(0, sys.meta_path[-1]),
    "directory of temporary files": lambda: setattr(tempfile, "tempdir", "/nowhere"),
    "digits of a number": lambda: sys.set_int_max_str_digits(1000),
    "OOM score": lambda: Path("/proc/self/oom_score_adj").write_text("900"),
    "core dumps": lambda: ctypes.CDLL(None).prctl(4, 1, 0, 0, 0),
    "death signal": lambda: ctypes.CDLL(None).prctl(1, 9, 0, 0, 0),
    "root directory": lambda: os.chroot(tempfile.mkdtemp()),
    "open transaction": lambda: transaction.atomic().__enter__(),
    "no autocommit": lambda: transaction.set_autocommit(False),
    "wrapper of statements": lambda: connection.execute_wrappers.append(_refuse_statement),
    "path": lambda: sys.path.insert(0, "/nowhere"),
    "log handler": lambda: logging.root.addHandler(logging.NullHandler()),
    "warnings": lambda: warnings.simplefilter("ignore"),
    "socket time-out": lambda: socket.setdefaulttimeout(3),
    "recursion limit": lambda: sys.setrecursionlimit(5000),
    "trace function": lambda: sys.settrace(_trace),
    "garbage collector": gc.disable,
    "scheduler": lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)),
    "timer": _exit_with_timer,
    "thread": _start_thread,
    "child": _start_child,
    "daemon": _start_daemon,
    "fork": lambda: _fork(os.fork),
    "fork in C": lambda: _fork(ctypes.CDLL(None).fork),
}


@task_function("hostile.leave")
def leave(what: str) -> str:
    """Leave something behind in the process."""
    print(f"leaving {what}")  # noqa: T201
    LEAVINGS[what]()
    return "left by the first"


@task_function("hostile.fork_and_exit")
def fork_and_exit() -> None:
    """Fork a child that ends as a script does."""
    if os.fork() == 0:
        sys.exit(0)


@task_function("hostile.fork_and_raise")
def fork_and_raise() -> None:
    """Fork a child that raises, with something to do at last."""
    try:
        if os.fork() == 0:
            raise ValueError("in the child")
    finally:
        gc.collect()


class Unspeakable(Exception):
    """An error that has no text."""

    def __str__(self) -> str:
        """Fail."""
        raise RuntimeError("nothing can be said about it")


def _raise_unspeakable() -> None:
    raise Unspeakable


LAST_DEEDS: dict[str, Callable[[], object]] = {
    "close stderr": lambda: sys.stderr.close(),
    "close descriptors": lambda: os.closerange(0, 3),
    "replace stderr": lambda: setattr(sys, "stderr", io.StringIO()),
    "raise something without a text": _raise_unspeakable,
}


@task_function("hostile.fail_after")
def fail_after(deed: str) -> None:
    """Make it hard to say why this fails."""
    LAST_DEEDS[deed]()
    raise ValueError("the reason")


@task_function("hostile.disown")
def disown() -> None:
    """Start a process that somebody else adopts."""
    ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)  # no longer a subreaper
    subprocess.run(["setsid", "-f", "sleep", "300.25"], check=False)


@task_function("hostile.close_everything")
def close_everything() -> None:
    """Close all descriptors, as daemons do."""
    os.closerange(3, 1000)


@task_function("hostile.surroundings")
def surroundings() -> dict[str, Any]:
    """Return what a function can see of those before it."""
    umask = os.umask(0)
    os.umask(umask)
    time.sleep(0.4)  # as long as a timer of somebody else may take
    return {**_of_the_process(), **_of_the_interpreter(), "umask": umask}


def _of_the_process() -> dict[str, Any]:
    status = Path("/proc/self/status").read_text().splitlines()
    return {
        "directory": os.getcwd(),
        "environment": {
            # Each attempt has ids of its own.
            name: value
            for name, value in sorted(os.environ.items())
            if not name.startswith("ORCHESTRATOR_")
        },
        "priority": os.getpriority(os.PRIO_PROCESS, 0),
        "handlers": [str(_handler(number)) for number in range(1, 64)],
        "status": [line for line in status if line[:3] == "Sig" and line[:4] != "SigQ"],
        "limits": [resource.getrlimit(number) for number in range(16)],
        "blocking": [os.get_blocking(number) for number in (0, *_sockets())],
        "descriptors": len(os.listdir("/proc/self/fd")),
        "OOM score": Path("/proc/self/oom_score_adj").read_text(),
        "core dumps": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
        "death signal": _death_signal(),
        "scheduler": os.sched_getscheduler(0),
        "threads": len(os.listdir("/proc/self/task")),
        "children": Path("/proc/thread-self/children").read_text(),
    }


def _of_the_interpreter() -> dict[str, Any]:
    return {
        "locale": locale.setlocale(locale.LC_ALL),
        "language": translation.get_language(),
        "time zone": timezone.get_current_timezone_name(),
        "streams": [sys.stdout.fileno(), sys.stderr.fileno()],
        "path": sys.path,
        "transaction": _transaction(),
        "encoding": sys.stdout.encoding,
        "arguments": sys.argv,
        "finders": len(sys.meta_path),
        "directory of temporary files": tempfile.tempdir,
        "digits": sys.get_int_max_str_digits(),
        "handlers of logs": len(logging.root.handlers),
        "filters of warnings": len(warnings.filters),
        "time-out": socket.getdefaulttimeout(),
        "recursion": sys.getrecursionlimit(),
        "trace": str(sys.gettrace()),
        "collects garbage": gc.isenabled(),
    }


def _transaction() -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return [cursor.fetchone(), connection.in_atomic_block, connection.get_autocommit()]


def _death_signal() -> int:
    answer = ctypes.c_int()
    ctypes.CDLL(None).prctl(2, ctypes.byref(answer), 0, 0, 0)
    return answer.value


def _sockets() -> list[int]:
    found = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                found.append(int(name))
    return found


def _handler(number: int) -> object:
    with suppress(ValueError):
        return signal.getsignal(number)
    return None


@task_function("hostile.print_both")
def print_both() -> None:
    """Print on both streams, without line ends."""
    print("out ", end="")  # noqa: T201
    print("err ", end="", file=sys.stderr)  # noqa: T201
    print("out again")  # noqa: T201


@task_function("hostile.start")
def start(payload: dict[str, Any]) -> None:
    """Start a command, and wait for it."""
    environment = {**os.environ, **payload["env"]}
    subprocess.run(payload["command"], env=environment, cwd=payload["cwd"], check=False)

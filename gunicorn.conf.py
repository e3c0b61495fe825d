"""
How gunicorn serves the site. It reads this file in the folder where it is started.

Options of the command line take precedence. The reasons are in docs/operations.md.
"""

import logging
import subprocess  # noqa: TID251 (this is outside the site)
import sys
from contextlib import suppress
from ctypes import CDLL
from os import environ
from typing import Any

wsgi_app = "orchestrator.wsgi"
workers = int(environ.get("WEB_CONCURRENCY", "2"))
threads = 8
bind = ["127.0.0.1:8000"]

# A process that shows no sign of life for so long is replaced. A request may take longer.
timeout = 60
# How long requests that have begun may go on when the site is stopped.
graceful_timeout = 30
# Longer than a proxy keeps connections: it must not use one that was just closed.
keepalive = 75
# Connections of one process: more wait in the queue of the operating system.
worker_connections = 200
# Processes are replaced now and then, so that memory that Python does not return cannot add up.
max_requests = 20_000
max_requests_jitter = 4_000

# Who asked for what, also through a proxy, the answer, how long it took, and the id of the request.
accesslog = "-"
access_log_format = (
    '%(h)s (%({x-forwarded-for}i)s) "%(r)s" %(s)s %(B)s bytes %(M)s ms %({x-request-id}o)s'
)

limit_request_line = 8_190
limit_request_fields = 64
limit_request_field_size = 8_190

# It would lie in the user's home, which the systemd unit hides.
control_socket_disable = True

LONGEST_SILENCE_S = 60
MALLOC = {"M_ARENA_MAX": (-8, 1), "M_MMAP_THRESHOLD": (-3, 256 * 1024)}
"""
Threads share their memory, instead of each keeping the most that it has taken; what is large goes
back to the system as soon as it is free. (Only one thread of Python runs at a time anyway.)
"""


with suppress(AttributeError, OSError):  # not Linux
    # PR_SET_DUMPABLE: commands of the same user cannot read its environment.
    CDLL(None).prctl(4, 0, 0, 0, 0)


def on_starting(server: Any) -> None:
    """
    Stop if the site cannot be loaded, with the one line that says why.

    If several processes find that out at once, gunicorn prints a traceback of its own below it.
    """
    load = [sys.executable, "-c", f"import {wsgi_app}"]
    if subprocess.run(load, check=False).returncode:  # noqa: S603 (our own words)
        raise SystemExit(3)


def post_fork(server: Any, worker: Any) -> None:
    """Keep a process from growing by its largest requests, once for each thread."""
    with suppress(AttributeError, OSError):  # not glibc
        for name, value in MALLOC.values():
            CDLL(None).mallopt(name, value)


def post_worker_init(worker: Any) -> None:
    """Log as LOGGING says, once that is known: where the site does, in its format, at its level."""
    for name in ("gunicorn.access", "gunicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
        if (level := environ.get("LOG_LEVEL", "").strip().upper()) in {"WARNING", "ERROR"}:
            logging.getLogger(name).setLevel(level)


def pre_request(worker: Any, request: Any) -> None:
    """Free the thread of a client that has gone silent in the middle of a request or answer."""
    request.unreader.sock.settimeout(LONGEST_SILENCE_S)

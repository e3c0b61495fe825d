"""
Forks the processes of the storm from one that has loaded everything; this saves half a second each.

    python -m tests.chaos.parts

reads lines, each a part with its arguments and its log in JSON; answers with the id of its process.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 (needs the apps)

from orchestrator.celery import app  # noqa: E402
from tests.chaos.operator import operate  # noqa: E402


def operator(seed: str, temper: str) -> None:
    """Run an operator."""
    operate(seed, is_calm=temper == "calm")


def local(concurrency: str) -> None:
    """Run a local runner."""
    call_command("local_runner", "--concurrency", concurrency)


def worker(queue: str, name: str) -> None:
    """Run a Celery worker."""
    quiet = ["--without-mingle", "--without-gossip", "--without-heartbeat", "-l", "warning"]
    app.worker_main(["worker", *quiet, "-Q", queue, "-n", f"{name}@chaos", "-c", "3"])


def site(address: str) -> None:
    """Run the site."""
    few = ["--workers", "1", "--threads", "6", "--log-level", "warning"]
    sys.argv = ["gunicorn", "orchestrator.wsgi", "--bind", address, *few]
    import_module("gunicorn.app.wsgiapp").run()


PARTS: dict[str, Callable[..., None]] = {
    part.__name__: part for part in (operator, local, worker, site)
}


def _play(order: dict[str, Any]) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    try:
        PARTS[order["part"]](*order["arguments"])
    except BaseException:  # noqa: BLE001 (a forked process must never return)
        traceback.print_exc()
    os._exit(1)


def main() -> None:
    """Serve until there are no more lines."""
    for name in ("orchestrator.urls", "gunicorn.app.wsgiapp", "celery.apps.worker"):
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps dead children
    for line in sys.stdin:
        pid = os.fork() or _play(json.loads(line))
        print(pid, flush=True)  # noqa: T201 (a program's answer)


if __name__ == "__main__":
    main()

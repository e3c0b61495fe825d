"""
A process of several threads that dispatch a run as fast as they can.

    python -m tests.support.dispatcher RUN THREADS

says `ready`, waits for a line, and prints the ids of the tasks that it dispatched.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
django.setup()

from tests.support.actors import who  # noqa: E402 (needs the apps)
from tests.support.threads import at_once  # noqa: E402
from workflows.operations.dispatch_ready import dispatch_ready  # noqa: E402


def dispatch_until_empty(run_id: int) -> list[int]:
    """Dispatch one ready task after the other until none is left."""
    sent: list[int] = []
    while dispatches := dispatch_ready(run_id, by=who(f"process {os.getpid()}")).dispatches:
        sent += [dispatch.task_id for dispatch in dispatches]
    return sent


def main(run_id: int, threads: int) -> None:
    """Wait for a line of input, dispatch, and print what was dispatched."""
    print("ready", flush=True)  # noqa: T201 (a command's output)
    sys.stdin.readline()
    for sent in at_once([lambda: dispatch_until_empty(run_id)] * threads):
        if isinstance(sent, Exception):
            raise sent
        print(*sent, flush=True)  # noqa: T201 (a command's output)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

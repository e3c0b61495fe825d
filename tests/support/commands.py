"""
Runs manage.py in processes that are forked from one which has loaded Django, as slots are.

    python -m tests.support.commands DESCRIPTOR

hears from the socket with this number which commands to run, with their standard streams. A command
that is started anew takes most of its time to load Django.
"""

import atexit
import gc
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import django

from manage import main as execute
from tests.support.database import environment

ROOT = Path(__file__).parents[2]
PROGRAM = str(ROOT / "manage.py")
MANAGE = [sys.executable, PROGRAM]
LONGEST_S = 60
MOST_BYTES = 65_536
OF_THE_TEST = "PYTEST_CURRENT_TEST"

Ended = subprocess.CompletedProcess[str]


class Loaded:
    """A process that has loaded Django in some environment, and forks commands."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start it."""
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._door.settimeout(LONGEST_S)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.commands", str(theirs.fileno())],
                cwd=ROOT,
                env=environment,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self.close)

    def run(self, arguments: Sequence[str], stdin: str) -> Ended:
        """Run a command to its end, and until nobody can print for it anymore."""
        (of_input, to_input), *outputs = (os.pipe() for _ in range(3))
        theirs = [of_input, *(end for _, end in outputs)]
        socket.send_fds(self._door, [json.dumps(arguments).encode()], theirs)
        for end in theirs:
            os.close(end)
        with suppress(BrokenPipeError), open(to_input, "w") as pipe:
            pipe.write(stdin)
        with ThreadPoolExecutor(2) as readers:
            printed = readers.map(_read, (end for end, _ in outputs))
            code = int(self._door.recv(MOST_BYTES))
            return Ended([*MANAGE, *arguments], code, *printed)

    def close(self) -> None:
        """End the process."""
        self._door.close()
        self._process.terminate()
        self._process.wait()


def _read(end: int) -> str:
    with open(end) as pipe:
        return pipe.read()


_loaded: dict[frozenset[tuple[str, str]], Loaded] = {}


def manage_in(environment: Mapping[str, str], *arguments: str, stdin: str = "") -> Ended:
    """Run a command in an environment to its end."""
    key = frozenset((name, value) for name, value in environment.items() if name != OF_THE_TEST)
    # Put back once it has answered: after a time-out, its next answer would be to this command.
    loaded = _loaded.pop(key, None) or Loaded(dict(key))
    ended = loaded.run(arguments, stdin)
    _loaded[key] = loaded
    return ended


def manage(*arguments: str, stdin: str = "") -> Ended:
    """Run a command on the test's own database to its end."""
    return manage_in(environment(), *arguments, stdin=stdin)


def _next_command(door: socket.socket) -> list[str] | None:
    """Return the command that this process, just forked, is to run; None when no more comes."""
    while True:
        message, descriptors, *_ = socket.recv_fds(door, MOST_BYTES, 3)
        if not message:
            return None
        if pid := os.fork():
            for end in descriptors:
                os.close(end)
            _, status = os.waitpid(pid, 0)
            door.send(str(os.waitstatus_to_exitcode(status)).encode())
            continue
        for number, end in enumerate(descriptors):
            os.dup2(end, number)
            os.close(end)
        arguments: list[str] = json.loads(message)
        return arguments


def main() -> None:
    """Load Django, and serve until the tests are over."""
    django.setup()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as door:
        arguments = _next_command(door)
    if arguments is not None:
        sys.argv = [PROGRAM, *arguments]
        execute()


if __name__ == "__main__":
    main()

"""The executor's side of the fork server: starts it when it is needed, and asks it for slots."""

import atexit
import errno
import json
import logging
import multiprocessing
import os
import resource
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from functools import cache
from typing import Any

from runners.jobs import ALLOWED_ENVIRONMENT
from runners.shielding import shield_process
from runners.slots.account import present_account
from runners.slots.channel import Channel
from runners.slots.fence import BEAT, SLOT
from runners.slots.forked_slot import FAILED
from runners.slots.slot import Slot

DESCRIPTOR_RESERVE = 20
"""So many descriptors are left to the database and to whatever else this process opens."""
START_WITHIN_S = 60.0
"""How long the first slot may take: the fork server loads Django and all registered functions."""
ANSWER_WITHIN_S = 3.0
"""How long a fork server may take to fork, or to confirm an order, until it counts as hung."""
START_AGAIN_AFTER_S = 5.0
CLOSE_WITHIN_S = 5.0
FOR_INTERPRETER = ("COVERAGE_", "LC_", "LD_", "PYTHON")
PROGRAM = (
    "import sys; sys.path[:] = {path}; from runners.slots import fork_server as f; f.main({door})"
)

logger = logging.getLogger(__name__)


class NoSlot(Exception):
    """There are no descriptors, processes or memory to be had for another slot."""


class ServerHandle:
    """The fork server of this process; any thread may ask it for slots."""

    def __init__(self) -> None:
        """Prepare to start it with the first slot."""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._door: Channel | None = None
        self._owner = os.getpid()
        self._started_at = float("-inf")
        self._beat_lasts_s: float | None = None
        atexit.register(self.close)

    def new_slot(self) -> Slot:
        """
        Return a new slot.

        :raises NoSlot: saying what there is too little of.
        """
        _check_descriptors()
        with self._lock:
            try:
                door, wait_s = self._open_door()
                return self._ask(door, wait_s)
            except OSError as exc:
                raise NoSlot(str(exc)) from exc

    def beat(self, lasts_s: float | None) -> None:
        """Say that this process is alive, which counts for so long; None: forever."""
        self._beat_lasts_s = lasts_s  # the next slot is told, too
        if self._lock.acquire(blocking=False):  # else the door is in use, and the next beat counts
            try:
                if self._door and self._owner == os.getpid():
                    with suppress(OSError):  # a dead fork server is noticed elsewhere
                        self._door.send([BEAT, lasts_s])
            finally:
                self._lock.release()

    def reap(self) -> None:
        """Notice that the fork server has died, and leave no zombie of it."""
        with self._lock:
            self._note_death()

    def kill(self) -> None:
        """Kill the fork server, which does not answer; another one is started for the next slot."""
        with self._lock:
            self._stop(kill=True)

    def close(self) -> None:
        """End the fork server, and with it whatever slots are left."""
        with self._lock:
            self._stop(kill=False)

    def _open_door(self) -> tuple[Channel, float]:
        """Return the door, and how long the answer may take."""
        if self._owner != os.getpid():  # forked since: the server belongs to the parent
            self._process = self._door = None
            self._owner = os.getpid()
        self._note_death()
        if self._door is None:
            self._start()
            return self._door, START_WITHIN_S  # type: ignore[return-value]
        return self._door, ANSWER_WITHIN_S

    def _note_death(self) -> None:
        if self._process and self._owner == os.getpid() and self._process.poll() is not None:
            logger.error("The fork server has died, with exit code %s.", self._process.returncode)
            self._stop(kill=True)

    def _start(self) -> None:
        if getattr(multiprocessing.current_process(), "_inheriting", False):
            raise RuntimeError(
                "A module that registers functions starts an executor when it is imported: put "
                "that below `if __name__ == '__main__'`."
            )
        if time.monotonic() < self._started_at + START_AGAIN_AFTER_S:
            raise NoSlot("the fork server has just died; it is started again in a moment")
        self._started_at = time.monotonic()
        shield_process()
        own, door = Channel.pair()
        with door:
            try:
                self._process = _start_program(door.fileno())
            except BaseException:
                own.close()
                raise
        self._door = own

    def _ask(self, door: Channel, wait_s: float) -> Slot:
        with ExitStack() as opened:
            leash, control = _send_ends(door, [SLOT, self._beat_lasts_s], opened)
            slot = self._hear_answer(leash, control, wait_s)
            opened.pop_all()
            return slot

    def _hear_answer(self, leash: Channel, control: Channel, wait_s: float) -> Slot:
        try:
            leash.set_timeout(wait_s)
            answer, value = leash.receive_one()
        except TimeoutError as exc:
            self._stop(kill=True)
            raise NoSlot("the fork server does not answer; it is started again") from exc
        except EOFError as exc:
            raise NoSlot("the fork server has died; it is started again") from exc
        if answer == FAILED:
            raise NoSlot(os.strerror(value))
        leash.set_timeout(ANSWER_WITHIN_S)
        [handle] = leash.take_descriptors() or [-1]
        return Slot(value, handle, leash, control)

    def _stop(self, *, kill: bool) -> None:
        if self._door:
            self._door.close()
        if self._process and self._owner == os.getpid():
            if kill:
                self._process.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(CLOSE_WITHIN_S)
        self._process = self._door = None


def _send_ends(door: Channel, message: list[Any], opened: ExitStack) -> tuple[Channel, Channel]:
    """Send a message with the other ends of two new channels, leash and control."""
    leash, leash_end = Channel.pair()
    opened.callback(leash.close)
    with leash_end:
        control, control_end = Channel.pair()
        opened.callback(control.close)
        with control_end:
            door.send(message, (leash_end.fileno(), control_end.fileno()))
    return leash, control


@cache
def fork_server() -> ServerHandle:
    """Return the one fork server of this process."""
    return ServerHandle()


def _start_program(door: int) -> subprocess.Popen[bytes]:
    """Start the fork server, and tell it what nobody may read in its environment."""
    process = subprocess.Popen(  # noqa: S603 (our own program)
        [sys.executable, "-c", PROGRAM.format(path=sys.path, door=door)],
        env=_harmless_environment(),
        pass_fds=[door],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    account = present_account()
    told = {"environment": dict(os.environ), "account": account and account.as_json()}
    with suppress(BrokenPipeError), process.stdin as pipe:  # type: ignore[union-attr]
        pipe.write(json.dumps(told).encode())
    return process


def _harmless_environment() -> dict[str, str]:
    """Return what the interpreter needs: until the fork server is shielded, it can be read."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in ALLOWED_ENVIRONMENT or name.startswith(FOR_INTERPRETER)
    }


def _check_descriptors() -> None:
    """
    Keep a reserve: without any, the database cannot be reached, nor a module be imported.

    :raises NoSlot: if there are too few for another slot.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    with suppress(OSError):
        if len(os.listdir("/proc/self/fd")) + DESCRIPTOR_RESERVE > limit > 0:
            raise NoSlot(os.strerror(errno.EMFILE))

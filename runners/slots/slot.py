"""The executor's side of one slot."""

import os
from contextlib import suppress
from typing import Any

from runners.jobs import Job
from runners.slots.account import present_account
from runners.slots.channel import Channel
from runners.slots.forked_slot import KILL, TERMINATE, TERMINATE_TREE
from runners.slots.process_tree import kill_tree

MOST_READ = 1 << 18
KILL_BY_HAND_WITHIN_S = 5.0
WRITABLE_BY_ALL = 0o622
"""Of a pipe, which can be found only by processes that have it, and by their own user."""


class Slot:
    """A slot, and the pipe of the job that it executes."""

    def __init__(self, pid: int, handle: int, leash: Channel, control: Channel) -> None:
        """Keep what the fork server answers; `handle` is a pidfd, or -1 where there is none."""
        self.pid = pid
        self.leash = leash
        self.control = control
        self.output = -1
        """The read end of the present job's pipe; -1 if there is none."""
        self._handle = handle

    def begin(self, key: str, job: Job) -> None:
        """
        Start a job, whose answers will carry this key.

        :raises OSError: if there are no descriptors, or the slot is dead.
        """
        self.output, output = os.pipe()
        try:
            os.set_blocking(self.output, False)
            if present_account():
                os.fchmod(output, WRITABLE_BY_ALL)  # else nobody else can open /dev/stderr
            self.control.send([key, job.as_json()], (output,))
        except BaseException:
            self.close_output()
            raise
        finally:
            os.close(output)

    def read_output(self) -> bytes | None:
        """Return output since the last call, at most 256 kB; None at its end. Never blocks."""
        if self.output < 0:
            return None
        try:
            return os.read(self.output, MOST_READ) or None
        except BlockingIOError:
            return b""

    def close_output(self) -> None:
        """Let go of the job's pipe: whoever still writes into it gets an error."""
        if self.output >= 0:
            os.close(self.output)
        self.output = -1

    def answers(self, key: str) -> list[tuple[str, dict[str, Any]]]:
        """Return what the slot itself says about this job; nothing else counts."""
        said = self.control.receive()
        return [(kind, body) for of, pid, kind, body in said if (of, pid) == (key, self.pid)]

    def terminate(self, *, is_function: bool) -> None:
        """Send SIGTERM to all processes of the job."""
        self._order(TERMINATE if is_function else TERMINATE_TREE)

    def kill(self) -> None:
        """Kill the slot and all processes of the job; the leash says when they are gone."""
        self._order(KILL)

    def kill_without_server(self) -> None:
        """Kill the slot and its processes when the fork server is dead."""
        if self._handle >= 0:
            kill_tree(self.pid, self._handle, within_s=KILL_BY_HAND_WITHIN_S)
        with suppress(OSError):
            os.waitpid(
                self.pid, os.WNOHANG
            )  # it is ours if this is the first process of a container

    def close(self) -> None:
        """Let the slot go; the fork server ends what is left of it."""
        self.close_output()
        self.leash.close()
        self.control.close()
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1

    def _order(self, order: str) -> None:
        with suppress(OSError):  # a dead fork server is noticed at the leash
            self.leash.send(order)

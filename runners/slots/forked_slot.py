"""The fork server's side of one slot: how it is ended, and what its executor is told."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from runners.slots.channel import Channel
from runners.slots.fence import STOOD_STILL
from runners.slots.process_tree import (
    HAS_TREES,
    catches,
    children_of,
    kill_group,
    signal_descendants,
)

TERMINATE_TREE = "terminate tree"
TERMINATE = "terminate"
"""The processes below the slot; or the slot, too, since a function runs in the slot itself."""
KILL = "kill"

READY = "ready"
FAILED = "failed"
KILLING = "killing"
GONE = "gone"

GRACE_WITHOUT_EXECUTOR_S = 0.5
"""Seconds between SIGTERM and SIGKILL when nobody is left to wait for the end."""
TERM_GRACE_S = 4.0
"""The same for processes whose slot has ended by its SIGTERM before them."""
GIVE_UP_AFTER_S = 30.0
"""For so long, processes are killed again and again, before they count as impossible to kill."""
NEVER = float("inf")

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""A slot catches all of them, and takes no notice, as long as it executes no function."""


@dataclass(slots=True, eq=False)
class ForkedSlot:
    """A slot, until everything that it has started is gone."""

    pid: int
    leash: Channel
    kill_at: float = NEVER
    exit_code: int | None = None
    give_up_at: float = NEVER
    """When what is left of it counts as impossible to kill; never, as long as it may live."""
    spared: dict[int, float] = field(default_factory=dict)
    """Processes that have had a SIGTERM, and until when they may take to end."""
    unheard: str = ""
    """The order to end a job that had not begun yet: it is obeyed as soon as the job begins."""
    ended_because: str = ""
    """Why the fork server has ended it without an order."""

    @property
    def is_ending(self) -> bool:
        """True if something is to be done about it soon."""
        return self.kill_at < NEVER or self.give_up_at < NEVER or bool(self.unheard)

    @property
    def is_dead(self) -> bool:
        """True if the slot itself has ended; processes of it may still be there."""
        return self.exit_code is not None

    def announce(self) -> None:
        """Tell its executor who it is, with a handle that can be that of no other process."""
        handles: tuple[int, ...] = ()
        with suppress(OSError, AttributeError):  # too few descriptors; or not Linux
            handles = (os.pidfd_open(self.pid),)
        self._say(READY, self.pid, handles)
        for handle in handles:
            os.close(handle)

    def obey(self, order: str) -> None:
        """Do what its executor orders."""
        if order == KILL:
            self._say(KILLING, None)
            self.kill()
        else:
            self._terminate(order)

    def obey_again(self) -> None:
        """Try again to end a job that had not begun before."""
        if self.unheard:
            self._terminate(self.unheard)

    def fence(self) -> None:
        """Kill it, because its executor stands still, and will hear of it when it goes on."""
        self.ended_because = STOOD_STILL
        self.kill()

    def let_go(self) -> None:
        """End it, because its executor has closed it, or is dead."""
        self._terminate(TERMINATE_TREE)
        self.unheard = ""
        self.spared.clear()
        has_tree = not self.is_dead and bool(children_of(self.pid))
        self.kill_at = time.monotonic() + (GRACE_WITHOUT_EXECUTOR_S if has_tree else 0)

    def kill(self) -> None:
        """Kill it: its processes become children of the fork server at once."""
        self.kill_at = NEVER
        self.unheard = ""
        self.spared.clear()
        if not self.is_dead:  # so it is not reaped, and its number is its own
            os.kill(self.pid, signal.SIGKILL)
            kill_group(self.pid)
            self.give_up_at = time.monotonic() + GIVE_UP_AFTER_S

    def note_end(self, wait_status: int) -> None:
        """Note how the slot itself has ended."""
        kill_group(self.pid)
        self.exit_code = os.waitstatus_to_exitcode(wait_status)
        self.give_up_at = time.monotonic() + GIVE_UP_AFTER_S

    def say_gone(self, remaining: Sequence[int]) -> None:
        """Tell its executor that nothing is left of it but these processes."""
        body = {"exit_code": self.exit_code, "remaining": list(remaining)}
        self._say(GONE, {**body, "error": self.ended_because})
        self.leash.close()

    def _terminate(self, order: str) -> None:
        self.unheard = ""
        if self.is_dead:
            return
        signaled = signal_descendants(self.pid, signal.SIGTERM)
        self.spared |= dict.fromkeys(signaled, time.monotonic() + TERM_GRACE_S)
        has_begun = bool(signaled)
        if order == TERMINATE:
            has_begun = not self._takes_no_notice()
            os.kill(self.pid, signal.SIGTERM)
        if HAS_TREES and not has_begun:
            self.unheard = order

    def _takes_no_notice(self) -> bool:
        return all(catches(self.pid, number) for number in ENDING_SIGNALS)

    def _say(self, what: str, value: object, descriptors: tuple[int, ...] = ()) -> None:
        with suppress(OSError):  # the executor is dead; its leash ends
            self.leash.send([what, value], descriptors)

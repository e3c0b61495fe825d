"""
The program of the fork server: forks slots, and ends what they leave.

It has one thread, no database connection, and executes nothing of anybody. Its executor asks at the
door for slots, and holds a leash to each: a channel on which it says how the slot is to end, and
hears once that slot and all its processes have. If the executor dies, the leashes close, and
everything ends.
"""

import gc
import multiprocessing
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import NoReturn

from runners.slots.channel import Channel
from runners.slots.process_tree import (
    become_subreaper,
    children_of,
    kill_group,
    signal_descendants,
)
from runners.slots.slot_process import serve_slot

TERMINATE_TREE = "terminate tree"
TERMINATE = "terminate"
"""The processes below the slot, or the slot, too: a function runs in the slot itself."""
KILL = "kill"

READY = "ready"
FAILED = "failed"
KILLING = "killing"
GONE = "gone"

GRACE_WITHOUT_EXECUTOR_S = 0.5
"""Seconds between SIGTERM and SIGKILL when nobody is left to wait for the end."""
TERM_GRACE_S = 5.0
"""The same for processes whose slot has ended by its SIGTERM before them."""
GIVE_UP_AFTER_S = 30.0
"""For so long, processes are killed again and again, before they count as impossible to kill."""
CHECK_EVERY_S = 0.05
NEVER = float("inf")


def main(door: int) -> None:
    """Load what the slots need, then serve until the executor closes the door."""
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the executor decides when everything ends
    become_subreaper()
    # A module that starts an executor when it is imported is told so, instead of forking itself.
    process = multiprocessing.current_process()
    process._inheriting = True  # type: ignore[attr-defined]
    import_module("runners.preload")
    del process._inheriting  # type: ignore[attr-defined]
    gc.freeze()
    ForkServer(Channel.of(door)).serve()


@dataclass(slots=True, eq=False)
class ForkedSlot:
    """A slot, until everything that it has started is gone."""

    pid: int
    leash: Channel
    kill_at: float = NEVER
    exit_code: int | None = None
    give_up_at: float = NEVER
    spared: dict[int, float] = field(default_factory=dict)
    """Processes that have had a SIGTERM, and until when they may take to end."""


class ForkServer:
    """Forks slots on request, reaps them, and kills what is left of those that are dead."""

    def __init__(self, door: Channel) -> None:
        """Serve the executor at the other side of the door."""
        self._door: Channel | None = door
        self._slots: dict[int, ForkedSlot] = {}
        self._abandoned: set[int] = set()
        self._selector = selectors.DefaultSelector()
        self._wakeups, self._wake = socket.socketpair()
        for end in (self._wakeups, self._wake):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._listen(self._wakeups, lambda: self._wakeups.recv(4096))
        self._listen(door, self._open)

    def serve(self) -> None:
        """Serve until the executor is gone, and everything of it has ended."""
        while self._door or self._slots:
            for key, _ in self._selector.select(self._pause()):
                key.data()
            self._kill_overdue()
            self._reap()
            self._end_dead()

    def _listen(self, source: socket.socket | Channel, hear: Callable[[], object]) -> None:
        self._selector.register(source, selectors.EVENT_READ, hear)

    def _pause(self) -> float | None:
        is_busy = any(s.kill_at < NEVER or s.give_up_at < NEVER for s in self._slots.values())
        return CHECK_EVERY_S if is_busy else None

    def _open(self) -> None:
        """Fork the slot that the executor asks for; it sends both ends of the slot's channels."""
        door = self._door
        if door is None:
            return
        try:
            requests = door.receive()
        except EOFError:
            self._close_door()
            return
        for _ in requests:
            descriptors = door.take_descriptors()
            if len(descriptors) == 2:
                self._fork(*descriptors)
            else:
                for descriptor in descriptors:  # the executor sees its ends close
                    os.close(descriptor)

    def _close_door(self) -> None:
        if self._door:
            self._selector.unregister(self._door)
            self._door.close()
        self._door = None
        for slot in self._slots.values():
            self._let_go(slot)

    def _fork(self, leash_end: int, control: int) -> None:
        leash = Channel.of(leash_end)
        try:
            pid = os.fork()
        except OSError as exc:
            os.close(control)
            leash.send([FAILED, exc.errno])
            leash.close()
            return
        if pid == 0:
            leash.close()
            self._become_slot(control)
        os.close(control)
        slot = ForkedSlot(pid, leash)
        self._slots[pid] = slot
        self._listen(leash, lambda: self._hear(slot))
        self._say_ready(slot)

    def _say_ready(self, slot: ForkedSlot) -> None:
        # The handle is opened here, by the parent: it can only be that of the slot.
        handle = os.pidfd_open(slot.pid) if hasattr(os, "pidfd_open") else None
        with suppress(OSError):
            slot.leash.send([READY, slot.pid], () if handle is None else (handle,))
        if handle is not None:
            os.close(handle)

    def _become_slot(self, control: int) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            for other in (self._wakeups, self._wake, self._door, *self._leashes()):
                if other:
                    other.close()
            serve_slot(Channel.of(control))
            os._exit(0)
        except BaseException:  # noqa: BLE001 (whatever it is, this process must not go on as a server)
            traceback.print_exc()
        finally:
            os._exit(1)

    def _leashes(self) -> list[Channel]:
        return [slot.leash for slot in self._slots.values()]

    def _hear(self, slot: ForkedSlot) -> None:
        try:
            orders = slot.leash.receive()
        except EOFError:
            self._let_go(slot)
            return
        for order in orders:
            if order == KILL:
                with suppress(OSError):
                    slot.leash.send([KILLING, None])
                self._kill(slot)
            else:
                self._terminate(slot, and_slot=order == TERMINATE)

    def _let_go(self, slot: ForkedSlot) -> None:
        """End a slot that its executor has closed, or has left by dying."""
        with suppress(KeyError):
            self._selector.unregister(slot.leash)
        self._terminate(slot, and_slot=False)
        slot.spared.clear()
        has_tree = slot.exit_code is None and bool(children_of(slot.pid))
        slot.kill_at = time.monotonic() + (GRACE_WITHOUT_EXECUTOR_S if has_tree else 0)

    def _terminate(self, slot: ForkedSlot, *, and_slot: bool) -> None:
        if slot.exit_code is not None:
            return
        signaled = signal_descendants(slot.pid, signal.SIGTERM)
        spared_until = time.monotonic() + TERM_GRACE_S
        slot.spared |= dict.fromkeys(signaled, spared_until)
        if and_slot:
            os.kill(slot.pid, signal.SIGTERM)

    def _kill(self, slot: ForkedSlot) -> None:
        slot.kill_at = NEVER
        slot.spared.clear()
        if slot.exit_code is None:
            # It is not reaped yet, so its number is its own; its processes become ours at once.
            os.kill(slot.pid, signal.SIGKILL)
            kill_group(slot.pid)
            slot.give_up_at = time.monotonic() + GIVE_UP_AFTER_S

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for slot in self._slots.values():
            if now >= slot.kill_at:
                self._kill(slot)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                self._abandoned.discard(pid)
                if slot := self._slots.get(pid):
                    kill_group(pid)
                    slot.exit_code = os.waitstatus_to_exitcode(status)
                    slot.give_up_at = time.monotonic() + GIVE_UP_AFTER_S

    def _end_dead(self) -> None:
        """Kill the orphans of dead slots; once there are none, the slots are gone."""
        now = time.monotonic()
        if not any(slot.give_up_at < NEVER for slot in self._slots.values()):
            return
        orphans = self._kill_orphans(now)
        for slot in list(self._slots.values()):
            if slot.exit_code is not None and not orphans:
                self._say_gone(slot, [])
            elif now > slot.give_up_at:
                self._abandoned |= orphans
                self._say_gone(slot, sorted(orphans))

    def _kill_orphans(self, now: float) -> set[int]:
        """Kill the processes that dead slots have left; return those that still exist."""
        spared = {pid: at for slot in self._slots.values() for pid, at in slot.spared.items()}
        orphans = set(children_of(os.getpid())) - self._slots.keys() - self._abandoned
        for pid in orphans:
            if spared.get(pid, 0) <= now:
                with suppress(PermissionError):
                    os.kill(pid, signal.SIGKILL)
        return orphans

    def _say_gone(self, slot: ForkedSlot, remaining: list[int]) -> None:
        del self._slots[slot.pid]
        if slot.exit_code is None:
            self._abandoned.add(slot.pid)
            remaining = [slot.pid, *remaining]
        with suppress(OSError):
            slot.leash.send([GONE, {"exit_code": slot.exit_code, "remaining": remaining}])
        with suppress(KeyError, ValueError):
            self._selector.unregister(slot.leash)
        slot.leash.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))

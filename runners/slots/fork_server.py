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
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from runners.slots.channel import Channel
from runners.slots.forked_slot import FAILED, NEVER, ForkedSlot
from runners.slots.process_tree import become_subreaper, children_of
from runners.slots.slot_process import serve_slot

CHECK_EVERY_S = 0.05


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
        is_busy = any(slot.is_ending for slot in self._slots.values())
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
            self._ignore(self._door)
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
        slot.announce()

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
            slot.obey(order)

    def _let_go(self, slot: ForkedSlot) -> None:
        self._ignore(slot.leash)
        slot.let_go()

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for slot in self._slots.values():
            if now >= slot.kill_at:
                slot.kill()

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                self._abandoned.discard(pid)
                if slot := self._slots.get(pid):
                    slot.note_end(status)

    def _end_dead(self) -> None:
        """Kill the orphans of dead slots; once there are none, the slots are gone."""
        ending = [slot for slot in self._slots.values() if slot.give_up_at < NEVER]
        if not ending:
            return
        now = time.monotonic()
        orphans = self._kill_orphans(now)
        for slot in ending:
            if (slot.is_dead and not orphans) or now > slot.give_up_at:
                self._give_up(slot, orphans)

    def _kill_orphans(self, now: float) -> set[int]:
        """Kill the processes that dead slots have left; return those that still exist."""
        spared = {pid: at for slot in self._slots.values() for pid, at in slot.spared.items()}
        orphans = set(children_of(os.getpid())) - self._slots.keys() - self._abandoned
        for pid in orphans:
            if spared.get(pid, 0) <= now:
                with suppress(PermissionError):
                    os.kill(pid, signal.SIGKILL)
        return orphans

    def _give_up(self, slot: ForkedSlot, orphans: set[int]) -> None:
        """Forget a slot; what is left of it cannot be killed."""
        remaining = orphans if slot.is_dead else {slot.pid, *orphans}
        self._abandoned |= remaining
        del self._slots[slot.pid]
        self._ignore(slot.leash)
        slot.say_gone(sorted(remaining))

    def _ignore(self, source: Channel) -> None:
        with suppress(KeyError, ValueError):
            self._selector.unregister(source)

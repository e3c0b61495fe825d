"""
The program of the fork server: forks slots, and ends what they leave.

It has one thread, no database connection, and executes nothing of anybody. Its executor asks at the
door for slots, and holds a leash to each: a channel on which it says how the slot is to end, and
hears once that slot and all its processes have. If the executor dies, the leashes close, and
everything ends.
"""

import gc
import json
import multiprocessing
import os
import selectors
import signal
import socket
import tempfile
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from runners.jobs import OWN_SETTINGS
from runners.shielding import shield_process
from runners.slots.account import Account, present_account, use_account
from runners.slots.channel import Channel
from runners.slots.fence import BEAT, Fence
from runners.slots.forked_slot import FAILED, ForkedSlot
from runners.slots.process_tree import become_subreaper
from runners.slots.reaper import Reaper
from runners.slots.slot_process import serve_slot


def main(door: int) -> None:
    """Load what the slots need, then serve until the executor closes the door."""
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the executor decides when everything ends
    shield_process()
    become_subreaper()
    _take_over()
    # A module that starts an executor when it is imported is told so, instead of forking itself.
    process = multiprocessing.current_process()
    process._inheriting = True  # type: ignore[attr-defined]
    import_module("runners.preload")
    del process._inheriting  # type: ignore[attr-defined]
    _use_what_is_set_up_once()
    _forget_own_settings()
    gc.freeze()
    ForkServer(Channel.of(door)).serve()


def _take_over() -> None:
    """Take the environment of the executor, and the user as whom slots execute."""
    with open(0, "rb", closefd=False) as pipe:
        told = json.load(pipe)
    os.environ.update(told["environment"])
    if told["account"]:
        use_account(Account.from_json(told["account"]))


def _forget_own_settings() -> None:
    """Forget the variables that Django has read: a program that a function starts gets the rest."""
    for name in OWN_SETTINGS:
        os.environ.pop(name, None)


def _use_what_is_set_up_once() -> None:
    """Use what leaves a trace only the first time, so that no function seems to leave it behind."""
    tempfile.gettempdir()  # remembers the folder
    first = threading.Thread(target=os.getpid)  # lets the C library handle signals of its own
    first.start()
    first.join()


class ForkServer:
    """Forks slots on request, reaps them, and kills what is left of those that are dead."""

    def __init__(self, door: Channel) -> None:
        """Serve the executor at the other side of the door."""
        self._door: Channel | None = door
        self._reaper = Reaper()
        self._fence = Fence()
        self._selector = selectors.DefaultSelector()
        self._wakeups, self._wake = socket.socketpair()
        for end in (self._wakeups, self._wake):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._listen(self._wakeups, lambda: self._wakeups.recv(4096))
        self._listen(door, self._open)

    def serve(self) -> None:
        """Serve until the executor is gone, and everything of it has ended."""
        while self._door or self._reaper.slots:
            pauses = (self._reaper.pause_s, self._fence.pause_s)
            pause_s = min((each for each in pauses if each is not None), default=None)
            for key, _ in self._selector.select(pause_s):
                key.data()
            if self._fence.is_due():
                for slot in self._reaper.slots.values():
                    slot.fence()
            for slot, remaining in self._reaper.end_overdue():
                self._ignore(slot.leash)
                slot.say_gone(remaining)

    def _listen(self, source: socket.socket | Channel, hear: Callable[[], object]) -> None:
        self._selector.register(source, selectors.EVENT_READ, hear)

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
        for kind, lasts_s in requests:
            self._fence.note_beat(lasts_s)
            if kind == BEAT:
                continue
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
        for slot in self._reaper.slots.values():
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
        self._reaper.slots[pid] = slot
        self._listen(leash, lambda: self._hear(slot))
        slot.announce()

    def _become_slot(self, control: int) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            leashes = [slot.leash for slot in self._reaper.slots.values()]
            for other in (self._wakeups, self._wake, self._door, *leashes):
                if other:
                    other.close()
            if account := present_account():
                account.become()
            serve_slot(Channel.of(control))
            os._exit(0)
        except BaseException:  # noqa: BLE001 (whatever it is, this process must not go on as a server)
            traceback.print_exc()
        finally:
            os._exit(1)

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

    def _ignore(self, source: Channel) -> None:
        with suppress(KeyError, ValueError):
            self._selector.unregister(source)

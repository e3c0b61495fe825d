"""The slots of one executor: which are free, and what arrives from those at work."""

import errno
import selectors
from contextlib import suppress
from enum import Enum

from runners.jobs import Job
from runners.slots.channel import Channel
from runners.slots.server_handle import NoSlot, ServerHandle, fork_server
from runners.slots.slot import Slot

MOST_TRIES = 3
TOO_FEW = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS}


class Source(Enum):
    """What an executor hears of a slot."""

    OUTPUT = "output"
    CONTROL = "control"
    LEASH = "leash"


class SlotPool:
    """Gives jobs to free slots, or to new ones. It belongs to one thread."""

    def __init__(self, server: ServerHandle | None = None) -> None:
        """Begin without a slot; new ones are forked by the fork server of this process."""
        self._server = server or fork_server()
        self._selector = selectors.DefaultSelector()
        self._idle: list[Slot] = []

    def begin(self, key: str, job: Job) -> Slot:
        """
        Begin a job in a slot, which is its own until it is put back or discarded.

        :raises NoSlot: if there is too little of something; nothing was started.
        """
        while self._idle:
            slot = self._idle.pop()
            if self._begins(slot, key, job):
                return slot
        for _ in range(MOST_TRIES):
            slot = self._new()
            if self._begins(slot, key, job):
                return slot
        raise NoSlot("new processes die at once; the log of the executor may say why")

    def wait(self, timeout_s: float) -> list[tuple[Slot, Source]]:
        """Return what can be heard now, or arrives in time."""
        heard = [key.data for key, _ in self._selector.select(timeout_s)]
        self._server.reap()
        return heard

    def end_output(self, slot: Slot) -> None:
        """Listen no longer to the output of a slot's job."""
        if slot.output >= 0:
            self._selector.unregister(slot.output)
        slot.close_output()

    def put_back(self, slot: Slot) -> None:
        """Keep a slot, in which nothing is left, for the next job."""
        self.end_output(slot)
        self._idle.append(slot)

    def discard(self, slot: Slot) -> None:
        """Let a slot go; whatever is left of it is ended by the fork server."""
        self.end_output(slot)
        if slot in self._idle:
            self._idle.remove(slot)
        self.ignore(slot.leash)
        self.ignore(slot.control)
        slot.close()

    def ignore(self, channel: Channel) -> None:
        """Listen no longer to a channel that has ended."""
        with suppress(KeyError, ValueError):
            self._selector.unregister(channel)

    def beat(self, lasts_s: float | None) -> None:
        """Tell the fork server that this process is alive; any thread may call this."""
        self._server.beat(lasts_s)

    def replace_server(self) -> None:
        """Kill a fork server that does not answer: the leashes of all its slots end."""
        self._server.kill()

    def close(self) -> None:
        """Let all slots go; whatever is left in them is ended by the fork server."""
        listened_to = {key.data[0] for key in self._selector.get_map().values()}
        for slot in {*self._idle, *listened_to}:
            self.discard(slot)

    def _begins(self, slot: Slot, key: str, job: Job) -> bool:
        """Begin a job; if the slot has died, discard that and return False."""
        try:
            if slot.leash.has_more():
                raise BrokenPipeError(errno.EPIPE, "the slot has died")
            slot.begin(key, job)
        except OSError as exc:
            if exc.errno in TOO_FEW:
                self._idle.append(slot)
                raise NoSlot(str(exc)) from exc
            self.discard(slot)
            return False
        self._selector.register(slot.output, selectors.EVENT_READ, (slot, Source.OUTPUT))
        return True

    def _new(self) -> Slot:
        slot = self._server.new_slot()
        self._selector.register(slot.leash, selectors.EVENT_READ, (slot, Source.LEASH))
        self._selector.register(slot.control, selectors.EVENT_READ, (slot, Source.CONTROL))
        return slot

"""Reaps the slots of a fork server, and kills what dead ones have left."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress

from runners.slots.forked_slot import NEVER, ForkedSlot
from runners.slots.process_tree import children_of

CHECK_EVERY_S = 0.05


class Reaper:
    """Knows the slots until they are gone; any other child of this process is an orphan of one."""

    def __init__(self) -> None:
        """Begin without a slot."""
        self.slots: dict[int, ForkedSlot] = {}
        self._abandoned: set[int] = set()

    @property
    def pause_s(self) -> float | None:
        """How long it may wait for the next signal; None: forever."""
        is_busy = any(slot.is_ending for slot in self.slots.values())
        return CHECK_EVERY_S if is_busy else None

    def end_overdue(self) -> Iterator[tuple[ForkedSlot, list[int]]]:
        """Kill what is overdue, and yield the slots that are gone, with what cannot be killed."""
        now = time.monotonic()
        for slot in self.slots.values():
            if now >= slot.kill_at:
                slot.kill()
            slot.obey_again()
        self._reap()
        ending = [slot for slot in self.slots.values() if slot.give_up_at < NEVER]
        orphans = self._kill_orphans(now) if ending else set()
        for slot in ending:
            if (slot.is_dead and not orphans) or now > slot.give_up_at:
                yield slot, self._forget(slot, orphans)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                self._abandoned.discard(pid)
                if slot := self.slots.get(pid):
                    slot.note_end(status)

    def _kill_orphans(self, now: float) -> set[int]:
        """Kill the processes that dead slots have left; return those that still exist."""
        spared = {pid: at for slot in self.slots.values() for pid, at in slot.spared.items()}
        orphans = set(children_of(os.getpid())) - self.slots.keys() - self._abandoned
        for pid in orphans:
            if spared.get(pid, 0) <= now:
                with suppress(PermissionError):
                    os.kill(pid, signal.SIGKILL)
        return orphans

    def _forget(self, slot: ForkedSlot, orphans: set[int]) -> list[int]:
        remaining = orphans if slot.is_dead else {slot.pid, *orphans}
        self._abandoned |= remaining
        del self.slots[slot.pid]
        return sorted(remaining)

"""A fork server whose executor sends no beats ends all slots."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runners.jobs import CommandJob
from runners.slots.fence import STOOD_STILL, Fence
from runners.slots.forked_slot import GONE
from runners.slots.pool import SlotPool, Source
from runners.slots.server_handle import ServerHandle

SLEEP = CommandJob(["sleep", "300"], cwd="/", environment={"PATH": os.environ["PATH"]})
WITHIN_S = 20


@pytest.fixture
def server() -> Iterator[ServerHandle]:
    """Return a fork server of its own."""
    made = ServerHandle()
    yield made
    made.close()


def test_slots_end_without_a_beat(server: ServerHandle) -> None:
    pool = SlotPool(server)
    slot = pool.begin("key", SLEEP)
    pool.beat(0.5)
    give_up_at = time.monotonic() + WITHIN_S
    while (slot, Source.LEASH) not in pool.wait(0.1):
        assert time.monotonic() < give_up_at, "nothing has ended the slot"
    [[what, body]] = [said for said in slot.leash.receive() if said[0] == GONE]
    assert (what, body["error"], body["remaining"]) == (GONE, STOOD_STILL, [])
    assert not Path(f"/proc/{slot.pid}").exists()
    assert pool.begin("next", SLEEP).pid != slot.pid  # the fork server itself lives
    pool.close()


class Clock:
    """A clock that the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Replace the clock of the fence."""
        self.now = 1000.0
        monkeypatch.setattr("runners.slots.fence.time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of the fence."""
    return Clock(monkeypatch)


def count(made: Fence, clock: Clock, seconds: int) -> bool:
    for _ in range(seconds):
        clock.now += 1
        if made.is_due():
            return True
    return False


def test_fence_is_due_once_and_not_before_the_first_beat(clock: Clock) -> None:
    made = Fence()
    assert not count(made, clock, 1000)
    made.note_beat(10)
    assert not count(made, clock, 9)
    made.note_beat(10)
    assert not count(made, clock, 9)
    assert count(made, clock, 1)
    assert not count(made, clock, 1000)


def test_fence_without_limit_is_never_due(clock: Clock) -> None:
    made = Fence()
    made.note_beat(10)
    made.note_beat(None)
    assert not count(made, clock, 1000)


def test_fence_counts_no_time_in_which_it_stood_still_itself(clock: Clock) -> None:
    made = Fence()
    made.note_beat(10)
    clock.now += 3600
    assert not made.is_due()
    assert count(made, clock, 8)

"""Attempts for which there is no room begin later, unless they may be lost by then."""

from uuid import uuid4

import pytest

from workflows.execution import tenure, waiting_room
from workflows.execution.tenure import CLAIM_LASTS_S, Tenure
from workflows.execution.waiting_room import TRY_AGAIN_EVERY_S, WaitingRoom
from workflows.models import TaskAttempt


class Clock:
    """A clock for both kinds of time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Replace the clocks of the waiting room."""
        self.now = 1000.0
        for module in (tenure, waiting_room):
            monkeypatch.setattr(module, "uptime", lambda: self.now)
        monkeypatch.setattr("workflows.execution.waiting_room.time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of the waiting room."""
    return Clock(monkeypatch)


def test_attempt_that_finds_no_room_is_tried_again(clock: Clock) -> None:
    room, attempt = WaitingRoom(Tenure()), TaskAttempt(pk=uuid4())
    room.add(attempt, "too few")
    assert room.take_all() == [attempt]
    room.add(attempt, "too few")
    assert room.take_all() == []
    clock.now += TRY_AGAIN_EVERY_S
    assert room.take_all() == [attempt]
    assert len(room) == 0


def test_attempt_that_is_not_confirmed_for_long_does_not_begin(clock: Clock) -> None:
    ours = Tenure()
    room, attempt = WaitingRoom(ours), TaskAttempt(pk=uuid4())
    room.add(attempt, "too few")
    for _ in range(3):  # trying again is no confirmation
        clock.now += CLAIM_LASTS_S / 2 - 1
        for taken in room.take_all():
            room.add(taken, "too few")
    assert list(room) == [attempt.pk]
    assert room.take_all() == []

    ours.confirm(clock.now)
    clock.now += TRY_AGAIN_EVERY_S
    assert room.take_all() == [attempt]

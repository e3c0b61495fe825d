"""
The fence of a fork server: it ends all slots when their executor stands still.

An executor that runs sends beats, each of which says how long it counts. One that is stopped sends
none, and cannot end its attempts itself, while somebody else may call them lost and start them
again. The fork server is another process, and goes on.
"""

import time

SLOT = "slot"
BEAT = "beat"
"""What an executor asks for at the door, each time with how many seconds it counts as alive."""

CHECK_EVERY_S = 1.0
STOOD_STILL = "its executor stood still for longer than its lease, so everything of it was ended"


class Fence:
    """How long the executor still counts as alive."""

    def __init__(self) -> None:
        """Begin without a limit: nothing counts before the first beat."""
        self._left_s: float | None = None
        self._counted_at = 0.0

    @property
    def pause_s(self) -> float | None:
        """How long it may wait until the next look; None: forever."""
        return None if self._left_s is None else CHECK_EVERY_S

    def note_beat(self, lasts_s: float | None) -> None:
        """Note that the executor is alive, and for how long this counts; None: forever."""
        self._left_s = lasts_s
        self._counted_at = time.monotonic()

    def is_due(self) -> bool:
        """
        Return True, once, when the executor has been silent for too long.

        Only time in which this process runs is counted. If both were stopped together, by a
        debugger or a frozen container, the executor has a chance to speak first.
        """
        if self._left_s is None:
            return False
        now = time.monotonic()
        self._left_s -= min(now - self._counted_at, 2 * CHECK_EVERY_S)
        self._counted_at = now
        if self._left_s > 0:
            return False
        self._left_s = None
        return True

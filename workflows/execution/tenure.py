"""Until when an executor may take for granted that what it has claimed is still its own."""

import time

from workflows.dispatch.leases import EXECUTOR_LEASE

CLAIM_LASTS_S = EXECUTOR_LEASE.total_seconds() / 2
"""If this process stood still for longer, recovery may have failed an attempt as lost."""

if hasattr(time, "CLOCK_BOOTTIME"):

    def uptime() -> float:
        """Return the seconds since this machine was started, those of its sleep included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
else:
    uptime = time.time


class Tenure:
    """
    When the database was last seen to hold everything that is claimed here.

    Nothing begins on a claim that is older than that by half a lease: this process may have been
    stopped, or this machine suspended, and somebody else may have taken over meanwhile.
    """

    def __init__(self) -> None:
        """Begin without a confirmation: a claim counts from when it was asked for."""
        self._confirmed_at = float("-inf")

    def confirm(self, at: float) -> None:
        """Note that what is held was found open by a query that was sent at this `uptime()`."""
        self._confirmed_at = at

    def covers(self, claimed_at: float) -> bool:
        """Return True if an attempt may begin that was claimed at this `uptime()`, or later."""
        return uptime() - max(claimed_at, self._confirmed_at) < CLAIM_LASTS_S

    @property
    def is_current(self) -> bool:
        """True if what is held was confirmed not long ago."""
        return self.covers(float("-inf"))

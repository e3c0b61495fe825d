"""
Named points between commits at which tests kill the process.

What was committed before a point must be enough for another process to continue. Only tests set a
trap.
"""

from collections.abc import Callable

trap: Callable[[str], None] | None = None


def point(name: str) -> None:
    """Do nothing, unless a test has set a trap that acts at this point."""
    if trap is not None:
        trap(name)

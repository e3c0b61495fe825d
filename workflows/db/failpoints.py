"""
Named points between commits, at which tests let a process die.

Whatever was committed before a point must be enough for another process to go on. The product
itself sets no trap.
"""

from collections.abc import Callable

trap: Callable[[str], None] | None = None


def point(name: str) -> None:
    """Pass a point; nothing happens here, unless a test has set a trap."""
    if trap is not None:
        trap(name)

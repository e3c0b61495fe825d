"""
Named points between commits, at which a process may be made to die.

What must hold: whatever was committed before a point is enough for somebody else to go on. Nothing
in the product can set a trap; programs of the tests do, to see that it is so.
"""

from collections.abc import Callable

trap: Callable[[str], None] | None = None


def point(name: str) -> None:
    """Pass a point; nothing happens here, unless a test has set a trap."""
    if trap is not None:
        trap(name)

"""
Keeps what a process holds from others of the same user, such as the commands that it starts.

They can then read neither its environment nor its memory, and open none of its descriptors; it
leaves no core dump. A program that it executes is an ordinary process again. Until the first line
of our own is executed, a new process is not shielded: `local_runner --run-as` has no such gap.
"""

import ctypes
import sys

PR_SET_DUMPABLE = 4


def shield_process() -> None:
    """Shield this process and its forks (Linux; nothing elsewhere)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)

"""
The processes below a process: who they are, and how they are ended.

On Linux a subreaper adopts each descendant that loses its parent, so nobody leaves the tree,
whatever group or session it makes for itself. Elsewhere only the slot's process group is known.
"""

import ctypes
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

HAS_TREES = sys.platform == "linux"
LISTS_CHILDREN = Path("/proc/thread-self/children").exists()
"""Whether the kernel says who the children are (CONFIG_PROC_CHILDREN); otherwise we look at all."""
PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Adopt descendants whose parents die, instead of leaving them to the first process."""
    if HAS_TREES:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children_of(pid: int) -> list[int]:
    """Return the children of a process, zombies included; none if it has ended."""
    if not LISTS_CHILDREN:
        return [other for other in _all_pids() if _parent_of(other) == pid]
    children: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            # Each thread has the children that it has started.
            content = Path(f"/proc/{pid}/task/{thread}/children").read_bytes()
            children += map(int, content.split())
    return children


def descendants_of(pid: int) -> dict[int, int]:
    """Return the processes below a process, each with its parent."""
    found: dict[int, int] = {}
    parents = [pid]
    while parents:
        parent = parents.pop()
        new = {child: parent for child in children_of(parent) if child not in found}
        found |= new
        parents += new
    return found


def signal_descendants(pid: int, number: signal.Signals) -> list[int]:
    """Send a signal to all processes below a process; return those that received it."""
    if not HAS_TREES:
        with suppress(OSError):
            os.killpg(pid, number)
        return []
    descendants = descendants_of(pid).items()
    return [child for child, parent in descendants if _signal_child(child, parent, number)]


def catches(pid: int, number: signal.Signals) -> bool:
    """Return True if a process has a handler of its own for a signal; False if it has ended."""
    with suppress(OSError, ValueError):
        status = Path(f"/proc/{pid}/status").read_bytes()
        caught = int(status.partition(b"SigCgt:")[2].split(None, 1)[0], 16)
        return bool(caught >> (number - 1) & 1)
    return False


def kill_group(pid: int) -> None:
    """Kill the process group of a slot, where that is all that is known of its tree."""
    if not HAS_TREES:
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)


def kill_tree(pid: int, handle: int, *, within_s: float) -> None:
    """
    Kill a process and all below it, although somebody else reaps them.

    First everything is stopped, until nothing new appears: what is stopped starts no process. Each
    process is held by a handle of its own from then on, so that no number can be that of another.

    :param handle: a pidfd of the process.
    """
    if not HAS_TREES:
        kill_group(pid)
        return
    give_up_at = time.monotonic() + within_s
    held = _stop_tree(pid, handle, give_up_at)
    for each in reversed(held):
        _send(each, signal.SIGKILL)
    for each in held:
        _wait_for_end(each, give_up_at)
    for each in held[1:]:
        os.close(each)


def _all_pids() -> list[int]:
    with suppress(OSError):
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    return []


def _parent_of(pid: int) -> int:
    with suppress(OSError, ValueError):
        # The name, in parentheses, may contain anything.
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
    return 0


def _signal_child(pid: int, parent: int, number: signal.Signals) -> bool:
    with suppress(OSError):
        handle = os.pidfd_open(pid)
        try:
            # Compared after opening: otherwise the number might be that of a new process.
            if _parent_of(pid) == parent:
                signal.pidfd_send_signal(handle, number)
                return True
        finally:
            os.close(handle)
    return False


def _stop_tree(pid: int, handle: int, give_up_at: float) -> list[int]:
    """Stop a process and all below it; return handles of them, the process itself first."""
    held = {pid: handle}
    _send(handle, signal.SIGSTOP)
    while time.monotonic() < give_up_at:
        new = {child: p for child, p in descendants_of(pid).items() if child not in held}
        if not new:
            break
        stopped = {child: _stop(child, parent) for child, parent in new.items()}
        held |= {child: each for child, each in stopped.items() if each is not None}
    return list(held.values())


def _stop(pid: int, parent: int) -> int | None:
    """Stop a process and return a handle of it; None if it has ended, or has another parent now."""
    with suppress(OSError):
        handle = os.pidfd_open(pid)
        if _parent_of(pid) == parent:
            _send(handle, signal.SIGSTOP)
            return handle
        os.close(handle)
    return None


def _send(handle: int, number: signal.Signals) -> None:
    with suppress(OSError):
        signal.pidfd_send_signal(handle, number)


def _wait_for_end(handle: int, give_up_at: float) -> None:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.poll(max(0.0, give_up_at - time.monotonic()) * 1000)

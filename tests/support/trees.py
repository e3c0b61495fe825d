"""Trees of processes that do not want to end, recognized by a mark in their environment."""

import time
from pathlib import Path
from uuid import uuid4

TREE = """
trap '' TERM
setsid -f sleep 300
setsid sh -c 'setsid -f sh -c "trap \\"\\" TERM HUP; sleep 301"'
timeout 302 sleep 302 &
nohup sleep 303 > /dev/null 2>&1 &
( set -m; while :; do (sleep 0.03); done ) &
( ( sleep 304 & ) & )
python -c 'import pty; pty.spawn(["sleep", "305"])' &
while [ ! -e go ]; do sleep 0.05; done
"""
"""Leaves its group and its session in the ways that are usual, and ignores SIGTERM."""
LEAST = 9
"""How many processes there are once all of it has started."""


class Tree:
    """One tree, as a payload and as the processes that are left of it."""

    def __init__(self, directory: Path) -> None:
        """Make a mark for it."""
        self._mark = f"TREE={uuid4()}"
        self._directory = directory

    @property
    def payload(self) -> dict[str, object]:
        """The payload of a task that starts the tree."""
        name, _, value = self._mark.partition("=")
        command = ["bash", "-c", TREE]
        return {"command": command, "env": {name: value}, "cwd": str(self._directory)}

    def let_leader_end(self) -> None:
        """Tell the first process of the tree to end by itself."""
        (self._directory / "go").touch()

    @property
    def pids(self) -> list[int]:
        """The processes of the tree, but for those that nobody has reaped yet."""
        return [pid for pid in _all_pids() if self._mark.encode() in _environment(pid)]

    @property
    def is_up(self) -> bool:
        """True once all of it has started."""
        return len(self.pids) >= LEAST

    def is_gone_within(self, seconds: float) -> bool:
        """Return True as soon as no process is left; False if some are after so many seconds."""
        give_up_at = time.monotonic() + seconds
        while pids := self.pids:
            if time.monotonic() > give_up_at:
                break
            time.sleep(0.02)
        return not pids


def zombies_below(pid: int) -> list[int]:
    """Return the children of a process that have ended and that it has not reaped."""
    return [other for other in _all_pids() if _stat(other)[:2] == ["Z", str(pid)]]


def _all_pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []

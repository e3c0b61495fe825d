"""Processes that the storm kills and replaces."""

import json
import random
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
BEGINS_WITHIN_S = 5
"""A younger process has done nothing yet that could be lost."""


class Stage:
    """Forks the processes."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        """Load everything once."""
        self._logs = logs
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.parts"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        """The id of its own process."""
        return self._process.pid

    def play(self, name: str, part: str, *arguments: str) -> psutil.Process:
        """Fork a process for a part."""
        assert self._process.stdin
        assert self._process.stdout
        order = {"part": part, "arguments": arguments, "log": str(self._logs / name)}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return psutil.Process(int(self._process.stdout.readline()))

    def close(self) -> None:
        """End the program; the processes that it has forked keep running."""
        self._process.communicate(timeout=30)


@dataclass
class Actor:
    """A part, played by a process that is replaced when it has been killed."""

    name: str
    part: str
    arguments: list[str]
    stage: Stage
    process: psutil.Process | None = None
    starts: list[float] = field(default_factory=list)

    @property
    def is_alive(self) -> bool:
        """Return True if its process exists."""
        return self.process is not None and self.process.is_running()

    @property
    def is_at_work(self) -> bool:
        """Return True if its process exists and has had the time to start."""
        return self.is_alive and time.monotonic() > self.starts[-1] + BEGINS_WITHIN_S

    def keep_alive(self) -> None:
        """Start its process, unless there is one."""
        if not self.is_alive:
            self.starts.append(time.monotonic())
            self.process = self.stage.play(self.name, self.part, *self.arguments)

    def kill(self, chance: random.Random) -> None:
        """Kill its process; for the site, one of its workers."""
        with suppress(psutil.NoSuchProcess):
            if self.process:
                others = self.process.children() if self.part == "site" else []
                chance.choice([self.process, *others]).kill()

    def end(self) -> None:
        """Kill its process and all descendants."""
        with suppress(psutil.NoSuchProcess):
            if self.process:
                for each in [*self.process.children(recursive=True), self.process]:
                    with suppress(psutil.NoSuchProcess):
                        each.kill()


def cast(stage: Stage, queue: str, address: str) -> list[Actor]:
    """Return two processes of each part, and the site."""
    actors = [Actor("site", "site", [address], stage)]
    for n in "12":
        actors += [
            Actor(f"operator{n}", "operator", [n, "wild"], stage),
            Actor(f"local{n}", "local", ["3"], stage),
            Actor(f"worker{n}", "worker", [queue, f"w{n}"], stage),
        ]
    return actors

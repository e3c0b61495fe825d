"""
The protocol between a peer's program and the benchmark: one line of JSON each way per run.

Runs in the peer's own environment, and needs the standard library only.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from urllib.request import urlopen

Graph = dict[str, list[str]]


class NotSupported(Exception):
    """The peer does not offer what the workload needs."""


@dataclass(frozen=True)
class Workload:
    """A graph whose steps all call the same function, `noop` or `fibo`."""

    name: str
    function: str
    graph: Graph = field(repr=False)

    def order(self) -> list[str]:
        """Return the steps in topological order."""
        return list(TopologicalSorter(self.graph).static_order())

    def leaves(self) -> list[str]:
        """Return the steps without downstream steps."""
        has_downstream = {step for upstream in self.graph.values() for step in upstream}
        return [step for step in self.graph if step not in has_downstream]


RunOnce = Callable[[], int]
"""Executes a prepared workload; returns how many steps were executed."""


def call(function: str) -> int:
    """Execute the function of a step; return 1."""
    if function == "fibo":
        _fibo(10)
    return 1


def _fibo(n: int) -> int:
    return n if n < 2 else _fibo(n - 1) + _fibo(n - 2)


@contextmanager
def background_program(*arguments: str) -> Iterator[None]:
    """Run a Python module in another process, with its output sent to stderr."""
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr) as program:
        try:
            yield
        finally:
            program.terminate()


def wait_for(url: str) -> None:
    """
    Return once the peer's server answers.

    :raises SystemExit: if it does not answer in time.
    """
    for _ in range(600):
        try:
            urlopen(url, timeout=60).close()  # noqa: S310 (our own)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("its server does not start")


def serve(prepare: Callable[[Workload], RunOnce]) -> None:
    """Answer each line of input with the seconds of its workload; preparation is not timed."""
    # What the peer prints goes to stderr, so that stdout carries answers only.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    prepared: dict[str, RunOnce] = {}
    print(json.dumps({"note": "ready"}), file=answers)
    for line in sys.stdin:
        work = Workload(**json.loads(line))
        try:
            if work.name not in prepared:
                prepared[work.name] = prepare(work)
            answer = _timed(work, prepared[work.name])
        except NotSupported as exc:
            answer = {"note": str(exc)}
        print(json.dumps(answer), file=answers)


def _timed(work: Workload, once: RunOnce) -> dict[str, object]:
    began = time.perf_counter()
    done = once()
    seconds = time.perf_counter() - began
    if done != len(work.graph):
        return {"note": f"executed {done} of {len(work.graph)} steps"}
    return {"seconds": seconds}

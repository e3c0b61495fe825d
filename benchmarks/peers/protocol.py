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


class NotOffered(Exception):
    """The peer has no such thing."""


@dataclass(frozen=True)
class Work:
    """A graph whose steps all call the same function, `noop` or `fibo`."""

    name: str
    function: str
    graph: Graph = field(repr=False)

    def order(self) -> list[str]:
        """Return the steps so that each follows all of its upstream steps."""
        return list(TopologicalSorter(self.graph).static_order())

    def ends(self) -> list[str]:
        """Return the steps that nothing waits for."""
        waited_for = {step for upstream in self.graph.values() for step in upstream}
        return [step for step in self.graph if step not in waited_for]


Once = Callable[[], int]
"""Executes a prepared work to its end; returns how many steps were executed."""


def call(function: str) -> int:
    """Do what a step does; return 1."""
    if function == "fibo":
        _fibo(10)
    return 1


def _fibo(n: int) -> int:
    return n if n < 2 else _fibo(n - 1) + _fibo(n - 2)


@contextmanager
def beside(*arguments: str) -> Iterator[None]:
    """Have a Python program run beside this one, whose output does not get between the answers."""
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr) as program:
        try:
            yield
        finally:
            program.terminate()


def wait_for(url: str) -> None:
    """
    Return once a server of the peer's answers.

    :raises SystemExit: if it never does.
    """
    for _ in range(600):
        try:
            urlopen(url, timeout=60).close()  # noqa: S310 (our own)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("its server does not start")


def serve(prepare: Callable[[Work], Once]) -> None:
    """Answer each line of input with how long it took; what is prepared before is not timed."""
    # Whatever the peer prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    prepared: dict[str, Once] = {}
    print(json.dumps({"note": "ready"}), file=answers)
    for line in sys.stdin:
        work = Work(**json.loads(line))
        try:
            if work.name not in prepared:
                prepared[work.name] = prepare(work)
            answer = _timed(work, prepared[work.name])
        except NotOffered as exc:
            answer = {"note": str(exc)}
        print(json.dumps(answer), file=answers)


def _timed(work: Work, once: Once) -> dict[str, object]:
    began = time.perf_counter()
    done = once()
    seconds = time.perf_counter() - began
    if done != len(work.graph):
        return {"note": f"executed {done} of {len(work.graph)} steps"}
    return {"seconds": seconds}

# /// script
# dependencies = ["celery[redis]==5.7.0"]
# ///
"""Celery on Redis, a bare chain and a chord, 4 processes; nothing durable, no DAG."""

import os
from typing import Any

from celery import Celery, chain, chord, group

from benchmarks.peers.protocol import (
    NotSupported,
    RunOnce,
    Workload,
    background_program,
    call,
    serve,
)

app = Celery("peer", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
WORKER = "celery -A benchmarks.peers.celery worker --concurrency 4 --loglevel warning".split()


@app.task(name="step")
def step(function: str) -> int:
    """Execute a step."""
    return call(function)


def prepare(work: Workload) -> RunOnce:
    """Return a function that sends the canvas and waits for its last result."""
    one, n = step.si(work.function), len(work.graph)

    def canvas() -> Any:
        # A new one each time: a canvas that was sent keeps its results.
        if work.name.startswith("chain"):
            return chain(*[one.clone() for _ in range(n)])
        return chain(one.clone(), chord(group([one.clone() for _ in range(n - 2)]), one.clone()))

    def once() -> int:
        canvas().apply_async().get(timeout=600)
        return n

    if not work.name.startswith(("chain", "fan")):
        raise NotSupported("no DAG")
    return once


if __name__ == "__main__":
    with background_program(*WORKER):
        serve(prepare)

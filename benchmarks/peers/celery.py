# /// script
# dependencies = ["celery[redis]==5.7.0"]
# ///
"""Celery on Redis, a bare chain and a chord, 4 processes; nothing durable, no DAG."""

import os
from typing import Any

from celery import Celery, chain, chord, group

from benchmarks.peers.protocol import NotOffered, Once, Work, beside, call, serve

app = Celery("peer", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
WORKER = "celery -A benchmarks.peers.celery worker --concurrency 4 --loglevel warning".split()


@app.task(name="step")
def step(function: str) -> int:
    """Do a step."""
    return call(function)


def prepare(work: Work) -> Once:
    """Return what sends the canvas and waits for its last result."""
    one, n = step.si(work.function), len(work.graph)

    def canvas() -> Any:
        # A new one each time: one that has been sent knows its results already.
        if work.name.startswith("chain"):
            return chain(*[one.clone() for _ in range(n)])
        return chain(one.clone(), chord(group([one.clone() for _ in range(n - 2)]), one.clone()))

    def once() -> int:
        canvas().apply_async().get(timeout=600)
        return n

    if not work.name.startswith(("chain", "fan")):
        raise NotOffered("no DAG")
    return once


if __name__ == "__main__":
    with beside(*WORKER):
        serve(prepare)

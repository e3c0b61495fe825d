# /// script
# dependencies = ["celery[redis]==5.7.0"]
# ///
"""Celery on Redis, a bare chain and a chord, 4 processes; nothing durable, no DAG."""

import os

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
    one = step.si(work.function)
    if work.name.startswith("chain"):
        canvas = chain(*[one] * len(work.graph))
    elif work.name.startswith("fan"):
        canvas = chain(one, chord(group([one] * (len(work.graph) - 2)), one))
    else:
        raise NotOffered("no DAG")

    def once() -> int:
        canvas.apply_async().get(timeout=600)
        return len(work.graph)

    return once


if __name__ == "__main__":
    with beside(*WORKER):
        serve(prepare)

# /// script
# dependencies = ["dbos==3.4.0"]
# ///
"""DBOS on PostgreSQL, one workflow whose steps follow each other in one process; durable."""

import os

from dbos import DBOS

from benchmarks.peers.protocol import Once, Work, call, serve

WORKS: dict[str, Work] = {}


@DBOS.step()
def step(function: str) -> int:
    """Do a step."""
    return call(function)


@DBOS.workflow()
def workflow(name: str) -> int:
    """Do all steps in an order that respects the edges."""
    work = WORKS[name]
    return sum(step(work.function) for _ in work.order())


def prepare(work: Work) -> Once:
    """Return what starts the workflow and waits for its result."""
    WORKS[work.name] = work
    return lambda: workflow(work.name)


if __name__ == "__main__":
    DBOS(config={"name": "peer", "system_database_url": os.environ["DATABASE_URL"]})
    DBOS.launch()
    serve(prepare)
    DBOS.destroy()

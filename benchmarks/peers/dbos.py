# /// script
# dependencies = ["dbos==3.4.0"]
# ///
"""DBOS on PostgreSQL, one workflow whose steps follow each other in one process; durable."""

import os

from dbos import DBOS

from benchmarks.peers.protocol import RunOnce, Workload, call, serve

WORKLOADS: dict[str, Workload] = {}


@DBOS.step()
def step(function: str) -> int:
    """Execute a step."""
    return call(function)


@DBOS.workflow()
def workflow(name: str) -> int:
    """Execute all steps in topological order."""
    work = WORKLOADS[name]
    return sum(step(work.function) for _ in work.order())


def prepare(work: Workload) -> RunOnce:
    """Return a function that executes the workflow."""
    WORKLOADS[work.name] = work
    return lambda: workflow(work.name)


if __name__ == "__main__":
    DBOS(config={"name": "peer", "system_database_url": os.environ["DATABASE_URL"]})
    DBOS.launch()
    serve(prepare)
    DBOS.destroy()

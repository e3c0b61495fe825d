# /// script
# dependencies = ["procrastinate==3.10.0", "psycopg[binary]==3.3.9"]
# ///
"""Procrastinate on PostgreSQL, 4 jobs at a time; durable jobs, the DAG by hand beside them."""

import asyncio
import os
from typing import Any

import procrastinate

from benchmarks.peers.protocol import RunOnce, Workload, call, serve

app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(conninfo=os.environ["DATABASE_URL"])
)
runner = asyncio.Runner()

# Two tables hold the graph and the unmet dependencies; the jobs are Procrastinate's.
TABLES = """
    CREATE TABLE step (
        work text, step text, unmet integer, upstream integer, PRIMARY KEY (work, step)
    );
    CREATE TABLE edge (work text, step text, upstream text);
    CREATE INDEX edge_upstream ON edge (work, upstream)
"""
DECREMENT_UNMET = """
    UPDATE step SET unmet = unmet - 1 FROM edge
     WHERE edge.work = %(work)s AND edge.upstream = %(step)s
       AND step.work = edge.work AND step.step = edge.step
    RETURNING step.step, step.unmet
"""


class Progress:
    """How many steps of the workload were executed, and how many it has."""

    done = 0
    steps = 0
    over: asyncio.Event


progress = Progress()


@app.task(name="step")
async def step(work: str, step_id: str, function: str) -> None:
    """Execute a step, and defer the steps that became ready."""
    call(function)
    rows = await app.connector.execute_query_all_async(DECREMENT_UNMET, work=work, step=step_id)
    await _defer(work, function, [row["step"] for row in rows if row["unmet"] == 0])
    progress.done += 1
    if progress.done == progress.steps:
        progress.over.set()


async def _defer(work: str, function: str, steps: list[str]) -> None:
    if steps:
        jobs: Any = ({"work": work, "step_id": each, "function": function} for each in steps)
        await step.batch_defer_async(*jobs)


def prepare(work: Workload) -> RunOnce:
    """Store the graph; return a function that defers its roots and waits for the last step."""
    runner.run(_store(work))
    return lambda: runner.run(_once(work))


async def _store(work: Workload) -> None:
    query = app.connector.execute_query_async
    for each, upstream in work.graph.items():
        await query(
            "INSERT INTO step VALUES (%(work)s, %(step)s, 0, %(n)s)",
            work=work.name,
            step=each,
            n=len(upstream),
        )
        for other in upstream:
            await query(
                "INSERT INTO edge VALUES (%(work)s, %(step)s, %(upstream)s)",
                work=work.name,
                step=each,
                upstream=other,
            )


async def _once(work: Workload) -> int:
    progress.done, progress.steps, progress.over = 0, len(work.graph), asyncio.Event()
    reset = "UPDATE step SET unmet = upstream WHERE work = %(work)s"
    await app.connector.execute_query_async(reset, work=work.name)
    await _defer(work.name, work.function, [s for s, up in work.graph.items() if not up])
    await progress.over.wait()
    return progress.done


async def _start() -> "asyncio.Task[None]":
    await app.open_async()
    await app.schema_manager.apply_schema_async()
    for statement in TABLES.split(";"):
        await app.connector.execute_query_async(statement)
    return asyncio.create_task(app.run_worker_async(concurrency=4, install_signal_handlers=False))


if __name__ == "__main__":
    worker = runner.run(_start())
    serve(prepare)

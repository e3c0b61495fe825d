# /// script
# dependencies = ["dagster==1.13.29"]
# ///
"""Dagster, a job of ops executed in one process, its event log in SQLite; durable."""

import os
from collections.abc import Iterator
from pathlib import Path

os.environ["DAGSTER_HOME"] = os.getcwd()
Path("dagster.yaml").write_text("telemetry:\n  enabled: false\n")

from dagster import (  # noqa: E402 (reads DAGSTER_HOME when imported)
    DagsterInstance,
    DependencyDefinition,
    GraphDefinition,
    In,
    MultiDependencyDefinition,
    Nothing,
    OpDefinition,
    OpExecutionContext,
    Out,
    Output,
)

from benchmarks.peers.protocol import RunOnce, Workload, call, serve  # noqa: E402 (as above)

QUIETLY = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}


def prepare(work: Workload) -> RunOnce:
    """Return a function that executes the job to its end."""
    names = {step: f"op{i}" for i, step in enumerate(work.graph)}

    def compute(context: OpExecutionContext, inputs: object) -> Iterator[Output[None]]:
        call(work.function)
        yield Output(None, "result")

    ops = [
        OpDefinition(compute, name=name, ins={"after": In(Nothing)}, outs={"result": Out(Nothing)})
        for name in names.values()
    ]
    edges = {
        names[step]: {
            "after": MultiDependencyDefinition([DependencyDefinition(names[u]) for u in upstream])
        }
        for step, upstream in work.graph.items()
        if upstream
    }
    job = GraphDefinition(work.name.replace("-", "_"), node_defs=ops, dependencies=edges).to_job()
    instance = DagsterInstance.get()

    def once() -> int:
        result = job.execute_in_process(QUIETLY, instance=instance)
        return len([event for event in result.all_events if event.is_step_success])

    return once


if __name__ == "__main__":
    serve(prepare)

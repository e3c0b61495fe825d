"""Executes whole runs of the product, as `manage.py run_workflow` does."""

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.clock import Clock
from benchmarks.graphs import Graph
from runners.jobs import FunctionJob
from runners.slots.pool import SlotPool
from workflows.authoring.files import read_content
from workflows.authoring.spec import StepSpec, TemplateSpec
from workflows.authoring.store import create_template
from workflows.authoring.wfformat import NOOP
from workflows.execution.executor import Executor
from workflows.models import RunState, TaskAttempt, TaskDependency, WorkflowRun, WorkflowTemplate
from workflows.models.actor import Actor
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.runs.creation import create_run

BY = Actor(name="benchmarks")
CONCURRENCY = 4
"""The default of `run_workflow`."""
ENDED = {RunState.SUCCESS, RunState.FAILED, RunState.ABORTED}
FIBO = {"python": "benchmarks.fibo", "kwargs": {"n": 10}}
TRUE = {"command": ["/bin/true"]}
PAYLOADS: dict[str, dict[str, Any]] = {"fibo": FIBO, "noop": NOOP}


def warm_slots() -> SlotPool:
    """Return processes that execute tasks, started and warmed up before anything is timed."""
    slots = SlotPool()
    warm = [slots.begin("warm-up", FunctionJob("noop")) for _ in range(CONCURRENCY)]
    for slot in warm:
        while not (slot.control.has_more() and slot.answers("warm-up")):
            time.sleep(0.001)
        slots.put_back(slot)
    return slots


def create_benchmark_template(
    graph: Graph, payload: dict[str, Any] = NOOP, name: str = "benchmark"
) -> WorkflowTemplate:
    """Store a graph as a template whose steps have the same payload."""
    steps = [
        StepSpec(step, step, tuple(upstream), None, payload) for step, upstream in graph.items()
    ]
    return create_template(TemplateSpec(name, tuple(steps)))


def read_recording(path: Path) -> Graph:
    """Return the graph of a file in WfFormat."""
    steps = read_content(path.name, path.read_bytes())["steps"]
    return {step["step_id"]: step.get("depends_on", []) for step in steps}


def create_benchmark_run(template: WorkflowTemplate, *, auto_dispatch: bool = False) -> WorkflowRun:
    """Create a run."""
    return create_run(template_id=template.pk, auto_dispatch=auto_dispatch, by=BY)


def execute_run(template: WorkflowTemplate, slots: SlotPool, clock: Clock) -> WorkflowRun:
    """Create and execute a run; time it from its creation to the commit of its last report."""
    with clock:
        run = create_benchmark_run(template, auto_dispatch=True)
        dispatch_ready(run.pk, limit=None, by=BY)
        executor = Executor(
            concurrency=CONCURRENCY, by=Actor(name="local runner"), run_id=run.pk, slots=slots
        )
        executor.serve(lambda: not (executor.is_idle and _has_ended(run)))
    if run.state != RunState.SUCCESS:
        raise SystemExit(f"{run} is {run.state}: no figure")
    return run


def _has_ended(run: WorkflowRun) -> bool:
    run.refresh_from_db(fields=["state"])
    return run.state in ENDED


def hop_seconds(run: WorkflowRun) -> list[float]:
    """
    Return, for each task with upstream tasks, the seconds from their last end to its start.

    The times are those of the attempts.
    """
    edges: Any = TaskDependency.objects.filter(task__run=run).values_list(
        "task", "task__attempts__started_at", "depends_on__attempts__finished_at"
    )
    waits: dict[int, float] = {}
    for task, start, end in edges:
        seconds = (start - end).total_seconds()
        waits[task] = min(waits.get(task, seconds), seconds)
    return list(waits.values())


def work_hop_seconds(run: WorkflowRun) -> list[float]:
    """Return the seconds between the calls in a chain, as the functions measured them."""
    attempts = TaskAttempt.objects.filter(task__run=run).order_by("task__position")
    results: list[Any] = list(attempts.values_list("result", flat=True))
    return [after[0] - before[1] for before, after in pairwise(results)]

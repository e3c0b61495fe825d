"""Runs of the product, seen through as `manage.py run_workflow` does it."""

from collections import deque
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.clock import Clock
from benchmarks.graphs import Graph
from runners.jobs import FunctionJob
from runners.process import Slot
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
"""What `run_workflow` has, unless told otherwise."""
ENDED = {RunState.SUCCESS, RunState.FAILED, RunState.ABORTED}
FIBO = {"python": "benchmarks.fibo", "kwargs": {"n": 10}}
TRUE = {"command": ["/bin/true"]}
PAYLOADS: dict[str, dict[str, Any]] = {"fibo": FIBO, "noop": NOOP}


class Slots:
    """Processes that tasks are executed in, started and used before any clock runs."""

    def __init__(self) -> None:
        """Start them, and have each do something."""
        self.idle = deque(Slot() for _ in range(CONCURRENCY))
        for slot in self.idle:
            slot.begin(FunctionJob("noop"))
        for slot in self.idle:
            slot.outcome()

    def close(self) -> None:
        """End them."""
        for slot in self.idle:
            slot.close()


class WarmExecutor(Executor):
    """The executor of `run_workflow`, except that its processes are there before and after."""

    def __init__(self, run: WorkflowRun, slots: Slots) -> None:
        """Prepare to execute the attempts of a run."""
        super().__init__(concurrency=CONCURRENCY, by=Actor(name="local runner"), run_id=run.pk)
        self._idle = slots.idle

    def serve(self, goes_on: Callable[[], bool]) -> None:
        """Execute while `goes_on`."""
        while goes_on() or not self.is_idle:
            self._turn()


def template_of(graph: Graph, payload: dict[str, Any] = NOOP) -> WorkflowTemplate:
    """Store a graph as a template whose steps all do the same."""
    steps = [
        StepSpec(step, step, tuple(upstream), None, payload) for step, upstream in graph.items()
    ]
    return create_template(TemplateSpec("benchmark", tuple(steps)))


def recorded(path: Path) -> Graph:
    """Return the graph of a file in WfFormat."""
    spec = read_content(path.name, path.read_bytes())
    return {step.step_id: list(step.depends_on) for step in spec.steps}


def run_of(template: WorkflowTemplate, *, auto_dispatch: bool = False) -> WorkflowRun:
    """Create a run."""
    return create_run(template_id=template.pk, auto_dispatch=auto_dispatch, by=BY)


def see_through(template: WorkflowTemplate, slots: Slots, clock: Clock) -> WorkflowRun:
    """Time a run from its creation, expansion included, to the commit of its last task's end."""
    with clock:
        run = run_of(template, auto_dispatch=True)
        dispatch_ready(run.pk, limit=None, by=BY)
        executor = WarmExecutor(run, slots)
        executor.serve(lambda: not (executor.is_idle and _is_over(run)))
    if run.state != RunState.SUCCESS:
        raise SystemExit(f"{run} is {run.state}: no figure")
    return run


def _is_over(run: WorkflowRun) -> bool:
    run.refresh_from_db(fields=["state"])
    return run.state in ENDED


def hops(run: WorkflowRun) -> list[float]:
    """
    Return the seconds from the end of the last task that a task waited for to its own start.

    Of all tasks that waited for others, as their attempts tell.
    """
    edges: Any = TaskDependency.objects.filter(task__run=run).values_list(
        "task", "task__attempts__started_at", "depends_on__attempts__finished_at"
    )
    waits: dict[int, float] = {}
    for task, start, end in edges:
        seconds = (start - end).total_seconds()
        waits[task] = min(waits.get(task, seconds), seconds)
    return list(waits.values())


def hops_of_work(run: WorkflowRun) -> list[float]:
    """Return the seconds between the works of a chain, by the clocks of the functions."""
    attempts = TaskAttempt.objects.filter(task__run=run).order_by("task__position")
    said: list[Any] = list(attempts.values_list("result", flat=True))
    return [after[0] - before[1] for before, after in pairwise(said)]

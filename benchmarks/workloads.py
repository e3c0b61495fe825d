"""What is measured: each workload yields figures. Its name is that of the command line."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from statistics import median
from typing import Any
from uuid import UUID

from benchmarks import graphs
from benchmarks.api import api
from benchmarks.bench import Bench
from benchmarks.clock import Clock
from benchmarks.figures import Figure
from benchmarks.graphs import Graph
from benchmarks.product import (
    BY,
    FIBO,
    TRUE,
    hops,
    hops_of_work,
    recorded,
    run_of,
    see_through,
    template_of,
)
from workflows.authoring.wfformat import NOOP
from workflows.models import TaskState, WorkflowRun, WorkflowTemplate
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.reports.apply import apply_report
from workflows.reports.report import Report

Workload = Callable[[Bench], Iterator[Figure]]


def chain40(bench: Bench) -> Iterator[Figure]:
    """Sequential Python functions that compute fibo(10)."""
    runs: list[WorkflowRun] = []
    figure = _whole_runs(bench, "chain40", graphs.chain(bench.scale.chain), FIBO, runs)
    # Elsewhere more is ready than can be executed at a time, and waits for a slot.
    figure.hop_s = median(hops(runs[-1]))
    figure.work_hop_s = median(hops_of_work(runs[-1]))
    yield figure


def fan200(bench: Bench) -> Iterator[Figure]:
    """One, 200 side by side, one; no-ops."""
    yield _whole_runs(bench, "fan200", graphs.fan(bench.scale.fan), NOOP, [])


def real(bench: Bench) -> Iterator[Figure]:
    """Recorded workflows, as no-ops."""
    if not bench.recordings:
        yield Figure("real", 0, note="skipped: name files with --wfformat")
    for path in bench.recordings:
        graph = recorded(path)
        yield _whole_runs(bench, f"{path.stem} ({len(graph):,})", graph, NOOP, [])


def subprocess(bench: Bench) -> Iterator[Figure]:
    """Commands side by side."""
    graph = graphs.beside(bench.scale.commands)
    yield _whole_runs(bench, f"{len(graph)} × /bin/true", graph, TRUE, [])


def _whole_runs(
    bench: Bench, name: str, graph: Graph, payload: dict[str, Any], runs: list[WorkflowRun]
) -> Figure:
    template = template_of(graph, payload)

    def once(clock: Clock) -> None:
        runs.append(see_through(template, bench.slots, clock))

    return bench.measure(name, len(graph), once)


def expand(bench: Bench) -> Iterator[Figure]:
    """Create a run: its tasks, about two edges for each, and its trail."""
    for size in bench.scale.expand:
        template = template_of(graphs.lattice(size))
        yield bench.measure(f"expand {size:,}", size, partial(_expand, template))


def _expand(template: WorkflowTemplate, clock: Clock) -> None:
    with clock:
        run_of(template)


def fan10k(bench: Bench) -> Iterator[Figure]:
    """Dispatch all ready tasks of a wide fan in one call."""
    width = bench.scale.spread
    template = template_of(graphs.spread(width))

    def once(clock: Clock) -> None:
        run = run_of(template)
        _succeed(dispatch_ready(run.pk, by=BY).dispatches[0].attempt_id)
        with clock:
            dispatched = dispatch_ready(run.pk, limit=None, by=BY).dispatches
        assert len(dispatched) == width  # noqa: S101 (or there is no figure)

    yield bench.measure(f"dispatch {width:,} in one call", width, once)


def dispatch(bench: Bench) -> Iterator[Figure]:
    """One call that dispatches one task, in runs of several sizes."""
    for size in bench.scale.at:
        turns = _turns(bench, size)

        def once(clock: Clock, turns: Iterator[WorkflowRun] = turns) -> None:
            run = next(turns)
            with clock:
                dispatch_ready(run.pk, by=BY)

        yield bench.measure(f"dispatch at {size:,}", 1, once, times=bench.scale.calls)


def report(bench: Bench) -> Iterator[Figure]:
    """One report of success that makes another task ready, in runs of several sizes."""
    for size in bench.scale.at:
        turns = _turns(bench, size)

        def once(clock: Clock, turns: Iterator[WorkflowRun] = turns) -> None:
            attempt_id = dispatch_ready(next(turns).pk, by=BY).dispatches[0].attempt_id
            with clock:
                _succeed(attempt_id)

        yield bench.measure(f"report at {size:,}", 1, once, times=bench.scale.calls)


def _turns(bench: Bench, size: int) -> Iterator[WorkflowRun]:
    """Return runs in turn, so many that each has enough tasks for all calls."""
    template = template_of(graphs.pairs(size))
    calls = bench.scale.calls + 1  # one is counted
    runs = [run_of(template) for _ in range(-(-calls // (size // 2)))]
    return cycle(runs)


def _succeed(attempt_id: str) -> None:
    apply_report(Report(UUID(attempt_id), TaskState.SUCCESS), by=BY)


WORKLOADS: dict[str, Workload] = {
    workload.__name__: workload
    for workload in (chain40, fan200, real, expand, dispatch, report, fan10k, api, subprocess)
}

"""The workloads: each function yields its figures, and its name is used on the command line."""

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
    create_benchmark_run,
    create_benchmark_template,
    execute_run,
    hop_seconds,
    read_recording,
    work_hop_seconds,
)
from workflows.authoring.wfformat import NOOP
from workflows.models import TaskState, WorkflowRun, WorkflowTemplate
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.reports.apply import apply_report
from workflows.reports.report import Report

MeasureWorkload = Callable[[Bench], Iterator[Figure]]


def chain40(bench: Bench) -> Iterator[Figure]:
    """Measure a chain of Python functions that compute fibo(10)."""
    runs: list[WorkflowRun] = []
    figure = _measure_whole_runs(bench, "chain40", graphs.chain(bench.scale.chain), FIBO, runs)
    # Only here: in wider graphs, ready tasks also wait for a free slot.
    figure.hop_s = median(hop_seconds(runs[-1]))
    figure.work_hop_s = median(work_hop_seconds(runs[-1]))
    yield figure


def fan200(bench: Bench) -> Iterator[Figure]:
    """Measure no-ops: one step, 200 in parallel, one step."""
    yield _measure_whole_runs(bench, "fan200", graphs.fan(bench.scale.fan), NOOP, [])


def real(bench: Bench) -> Iterator[Figure]:
    """Measure recorded workflows, as no-ops."""
    if not bench.recordings:
        yield Figure("real", 0, note="skipped: name files with --wfformat")
    for path in bench.recordings:
        graph = read_recording(path)
        yield _measure_whole_runs(bench, f"{path.stem} ({len(graph):,})", graph, NOOP, [])


def subprocess(bench: Bench) -> Iterator[Figure]:
    """Measure independent commands."""
    graph = graphs.independent(bench.scale.commands)
    yield _measure_whole_runs(bench, f"{len(graph)} × /bin/true", graph, TRUE, [])


def _measure_whole_runs(
    bench: Bench, name: str, graph: Graph, payload: dict[str, Any], runs: list[WorkflowRun]
) -> Figure:
    template = create_benchmark_template(graph, payload)

    def once(clock: Clock) -> None:
        runs.append(execute_run(template, bench.slots, clock))

    return bench.measure(name, len(graph), once)


def expand(bench: Bench) -> Iterator[Figure]:
    """Measure the creation of a run: its tasks, about two edges each, and its events."""
    for size in bench.scale.expand:
        template = create_benchmark_template(graphs.lattice(size))
        yield bench.measure(f"expand {size:,}", size, partial(_expand, template))


def _expand(template: WorkflowTemplate, clock: Clock) -> None:
    with clock:
        create_benchmark_run(template)


def fan10k(bench: Bench) -> Iterator[Figure]:
    """Measure one call that dispatches all ready tasks of a wide fan."""
    width = bench.scale.spread
    template = create_benchmark_template(graphs.spread(width))

    def once(clock: Clock) -> None:
        run = create_benchmark_run(template)
        _succeed(dispatch_ready(run.pk, by=BY).dispatches[0].attempt_id)
        with clock:
            dispatched = dispatch_ready(run.pk, limit=None, by=BY).dispatches
        assert len(dispatched) == width  # noqa: S101 (else the figure is wrong)

    yield bench.measure(f"dispatch {width:,} in one call", width, once)


def dispatch(bench: Bench) -> Iterator[Figure]:
    """Measure one call that dispatches one task, in runs of several sizes."""
    for size in bench.scale.at:
        turns = _alternating_runs(bench, size)

        def once(clock: Clock, turns: Iterator[WorkflowRun] = turns) -> None:
            run = next(turns)
            with clock:
                dispatch_ready(run.pk, by=BY)

        yield bench.measure(f"dispatch at {size:,}", 1, once, times=bench.scale.calls)


def report(bench: Bench) -> Iterator[Figure]:
    """Measure one report of success that makes a task ready, in runs of several sizes."""
    for size in bench.scale.at:
        turns = _alternating_runs(bench, size)

        def once(clock: Clock, turns: Iterator[WorkflowRun] = turns) -> None:
            attempt_id = dispatch_ready(next(turns).pk, by=BY).dispatches[0].attempt_id
            with clock:
                _succeed(attempt_id)

        yield bench.measure(f"report at {size:,}", 1, once, times=bench.scale.calls)


def _alternating_runs(bench: Bench, size: int) -> Iterator[WorkflowRun]:
    """Cycle through runs that together have enough tasks for all calls."""
    template = create_benchmark_template(graphs.pairs(size))
    calls = bench.scale.calls + 1  # one is counted
    runs = [create_benchmark_run(template) for _ in range(-(-calls // (size // 2)))]
    return cycle(runs)


def _succeed(attempt_id: str) -> None:
    apply_report(Report(UUID(attempt_id), TaskState.SUCCESS), by=BY)


WORKLOADS: dict[str, MeasureWorkload] = {
    workload.__name__: workload
    for workload in (chain40, fan200, real, expand, dispatch, report, fan10k, api, subprocess)
}

"""The latest runs of one template, step by step: what fails, what takes how long, what slows it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import NamedTuple

from workflows.graph import longest_path
from workflows.insight.cells import Cell, cells_of
from workflows.insight.durations import latest_seconds, usual_of, usual_of_steps
from workflows.insight.failures import Failure, failures_of
from workflows.insight.recent import LATELY, NOTICEABLE, RecentRun, recent_runs
from workflows.models import StepDependency, TaskState, TemplateStep

RUNS = 25
"""So many runs are columns; the figures also compare them with as many before."""
MOST_NAMED = 3
"""How many steps are named as those that fail, or that take longest."""


class FailingStep(NamedTuple):
    """A step that failed in some of the runs."""

    step_id: str
    failures: int
    why: str
    """Why it failed last."""
    failed: list[bool]
    """In which of the runs."""


class SlowStep(NamedTuple):
    """One of the steps that take longest."""

    step_id: str
    usual: float
    share: float
    """Of the usual duration of a run."""
    change: float | None
    """By which share it has become slower (faster, if negative) in its latest successes."""

    @property
    def percent(self) -> int:
        """Return the share in percent."""
        return round(100 * self.share)

    @property
    def is_slower(self) -> bool:
        """Return True if it has become noticeably slower."""
        return self.change is not None and 1 + self.change >= NOTICEABLE


@dataclass(frozen=True)
class History:
    """The latest runs of a template, the oldest first, and the steps in the order of dispatch."""

    runs: Sequence[RecentRun]
    before: Sequence[RecentRun]
    """As many runs before them."""
    step_ids: Sequence[str]
    """Those of the template, then those that only earlier runs had."""
    upstream: Mapping[str, Sequence[str]]
    cells: Mapping[int, Mapping[str, Cell]]
    seconds: Sequence[float]
    """How long the latest successes took, the newest first."""
    usual_steps: Mapping[str, float]

    @property
    def usual(self) -> float | None:
        """How long a run usually takes."""
        return usual_of(self.seconds)

    def of_step(self, step_id: str) -> list[Cell | None]:
        """Return a step in each of the runs; None where the run has no such step."""
        return [self.cells.get(run.id, {}).get(step_id) for run in self.runs]

    @cached_property
    def failures(self) -> dict[str, list[bool]]:
        """In which of the runs each step failed; steps that never did are absent."""
        found = {
            step_id: [bool(cell and cell.state == TaskState.FAILED) for cell in cells]
            for step_id in self.step_ids
            for cells in [self.of_step(step_id)]
        }
        return {step_id: failed for step_id, failed in found.items() if any(failed)}

    @cached_property
    def failed_tasks(self) -> dict[int, Failure]:
        """Why tasks failed, by task id."""
        cells = (cell for run in self.cells.values() for cell in run.values())
        return failures_of([cell.task_id for cell in cells if cell.state == TaskState.FAILED])

    def failing(self) -> list[FailingStep]:
        """Return the steps that fail most."""
        most = sorted(self.failures.items(), key=lambda item: -sum(item[1]))[:MOST_NAMED]
        return [FailingStep(name, sum(failed), self._why(name), failed) for name, failed in most]

    def _why(self, step_id: str) -> str:
        cells = reversed(self.of_step(step_id))
        last = next(cell for cell in cells if cell and cell.state == TaskState.FAILED)
        failure = self.failed_tasks.get(last.task_id)
        return failure.why if failure else ""

    def slowest(self) -> Iterator[SlowStep]:
        """Yield the steps that take longest."""
        of_run = self.usual or sum(self.longest_way.values()) or 1.0
        known = [(usual, name) for name, usual in self.usual_steps.items() if name in self.upstream]
        for usual, name in sorted(known, reverse=True)[: MOST_NAMED + 1]:
            yield SlowStep(name, usual, min(1.0, usual / of_run), self._change(name, usual))

    def _change(self, step_id: str, usual: float) -> float | None:
        succeeded = (cell for cell in self.of_step(step_id) if cell and cell.state == "success")
        seconds = [cell.seconds for cell in succeeded if cell.seconds is not None][-LATELY:]
        return median(seconds) / usual - 1 if seconds and usual else None

    @cached_property
    def longest_way(self) -> dict[str, float]:
        """The steps, one after the other, that no run can be quicker than, with their seconds."""
        weights = {step_id: self.usual_steps.get(step_id, 0.0) for step_id in self.upstream}
        return {name: weights[name] for name in longest_path(self.upstream, weights)}

    @property
    def waiting(self) -> float | None:
        """How long a run usually waits: it takes so much longer than its longest way."""
        return None if self.usual is None else max(0.0, self.usual - sum(self.longest_way.values()))


def history_of(template_id: int) -> History:
    """Return the history of a template; a constant number of statements."""
    runs = recent_runs([template_id], 2 * RUNS).get(template_id, [])
    latest, before = runs[-RUNS:], runs[:-RUNS]
    cells = cells_of([run.id for run in latest if not run.is_removed])
    upstream = upstream_of(template_id)
    of_runs = (step_id for run in reversed(latest) for step_id in cells.get(run.id, {}))
    return History(
        runs=latest,
        before=before,
        step_ids=list(dict.fromkeys([*upstream, *of_runs])),
        upstream=upstream,
        cells=cells,
        seconds=latest_seconds([template_id]).get(template_id, []),
        usual_steps=usual_of_steps(template_id),
    )


def upstream_of(template_id: int) -> dict[str, list[str]]:
    """Return the steps of a template in the order of dispatch, each with those it depends on."""
    steps = TemplateStep.objects.filter(template=template_id).order_by("position", "pk")
    found: dict[str, list[str]] = {
        step_id: [] for step_id in steps.values_list("step_id", flat=True)
    }
    edges = StepDependency.objects.filter(step__template=template_id)
    for step_id, upstream in edges.values_list("step__step_id", "depends_on__step_id"):
        found[step_id].append(upstream)
    return found

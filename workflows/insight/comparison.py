"""Two runs side by side: their parameters, their versions, and what each step did in both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from workflows.authoring.diff import Difference, difference
from workflows.insight.cells import Cell, cells_of
from workflows.insight.durations import SLOW, seconds_of_run
from workflows.models import RunState, TaskState, TemplateVersion, WorkflowRun
from workflows.models.run import UNFINISHED

SHORTEST = 1.0
"""A step that takes less than a second longer has not become slower."""
NEW, GONE, WORSE, BETTER, OTHER, SLOWER, FASTER, SAME = (
    "new", "gone", "worse", "better", "other", "slower", "faster", "same",
)  # fmt: skip
ORDER = (WORSE, NEW, GONE, OTHER, BETTER, SLOWER, FASTER, SAME)
"""What is looked for comes first."""


class ComparedStep(NamedTuple):
    """One step in both runs; None where the run has no such step."""

    step_id: str
    a: Cell | None
    b: Cell | None
    kind_a: str
    kind_b: str

    @property
    def change(self) -> str:
        """Return how B differs from A, as a word of `ORDER`."""
        if not (self.a and self.b):
            return NEW if self.b else GONE
        if self.kind_a != self.kind_b:
            return self._other_state(self.a, self.b)
        longer = self.seconds or 0.0
        if abs(longer) < SHORTEST or self.a.seconds is None or self.b.seconds is None:
            return SAME
        shorter = min(self.a.seconds, self.b.seconds)
        if max(self.a.seconds, self.b.seconds) < SLOW * shorter:
            return SAME
        return SLOWER if longer > 0 else FASTER

    def _other_state(self, a: Cell, b: Cell) -> str:
        broken = {TaskState.FAILED, TaskState.CANCELED}
        if b.state in broken and a.state not in broken:
            return WORSE
        if b.state == TaskState.SUCCESS:
            return BETTER if a.state in broken else SAME if a.state == b.state else OTHER
        return OTHER

    @property
    def seconds(self) -> float | None:
        """How much longer B ran; None unless both ran."""
        if not (self.a and self.b) or self.a.seconds is None or self.b.seconds is None:
            return None
        return self.b.seconds - self.a.seconds

    @property
    def factor(self) -> float | None:
        """How many times as long B ran."""
        if self.seconds is None or not (self.a and self.b and self.a.seconds):
            return None
        return (self.b.seconds or 0.0) / self.a.seconds


class ComparedParameter(NamedTuple):
    """A parameter of both runs; `missing` where it was not given."""

    name: str
    a: Any
    b: Any
    differs: bool


@dataclass(frozen=True)
class Comparison:
    """Two runs; A is the one that B is held against."""

    a: WorkflowRun
    b: WorkflowRun
    steps: Sequence[ComparedStep]
    """In the order of B, then those that only A has."""

    def changed_first(self) -> list[ComparedStep]:
        """Return the steps, those that differ most first."""
        return sorted(
            self.steps, key=lambda step: (ORDER.index(step.change), -abs(step.seconds or 0.0))
        )

    def having(self, *changes: str) -> list[ComparedStep]:
        """Return the steps that differ in one of these ways."""
        return [step for step in self.steps if step.change in changes]

    @property
    def differing(self) -> int:
        """Return how many steps differ."""
        return len(self.steps) - len(self.having(SAME))

    @property
    def longest(self) -> float:
        """Return the longest that a step of either run ran, in seconds."""
        cells = (cell for step in self.steps for cell in (step.a, step.b) if cell)
        return max((cell.seconds or 0.0 for cell in cells), default=0.0) or 1.0

    @property
    def seconds(self) -> float | None:
        """How much longer B took; None unless both have run."""
        a, b = (seconds_of_run(run) for run in (self.a, self.b))
        return None if a is None or b is None else b - a

    @cached_property
    def parameters(self) -> list[ComparedParameter]:
        """The parameters of both, those that differ first."""
        names = dict.fromkeys([*self.a.parameters, *self.b.parameters])
        rows = [self._parameter(str(name)) for name in names]
        return sorted(rows, key=lambda row: not row.differs)

    def _parameter(self, name: str) -> ComparedParameter:
        missing = "–"
        a, b = (run.parameters.get(name, missing) for run in (self.a, self.b))
        return ComparedParameter(name, a, b, repr(a) != repr(b))

    @cached_property
    def template_change(self) -> Difference | None:
        """How the versions differ; None if they do not, or one of them was not kept."""
        a, b = self.a, self.b
        if a.template_id is None or a.template_id != b.template_id:
            return None
        numbers = [a.template_version or 0, b.template_version or 0]
        if 0 in numbers or numbers[0] == numbers[1]:
            return None
        kept = TemplateVersion.objects.filter(template=a.template_id, number__in=numbers)
        contents = dict(kept.values_list("number", "content"))
        older, newer = map(contents.get, numbers)
        return difference(older, newer) if older and newer else None

    def step_to_look_at(self, wanted: str = "") -> ComparedStep | None:
        """Return the step whose logs are compared: the wanted one, or the first that differs."""
        both = [step for step in self.changed_first() if step.a and step.b]
        named = next((step for step in both if step.step_id == wanted), None)
        ran = (step for step in both if step.change != SAME and _ran(step.a) and _ran(step.b))
        return named or next(ran, None)


def _ran(cell: Cell | None) -> bool:
    return bool(cell and cell.attempts)


def compare_runs(a: WorkflowRun, b: WorkflowRun) -> Comparison:
    """Compare two runs; one statement."""
    cells = cells_of([a.pk, b.pk])
    of_a, of_b = cells.get(a.pk, {}), cells.get(b.pk, {})
    names = dict.fromkeys([*of_b, *of_a])
    steps = [
        ComparedStep(
            name, of_a.get(name), of_b.get(name), _kind(of_a, name, a), _kind(of_b, name, b)
        )
        for name in names
    ]
    return Comparison(a, b, steps)


def _kind(cells: dict[str, Cell], step_id: str, run: WorkflowRun) -> str:
    cell = cells.get(step_id)
    return cell.kind(has_ended=run.state not in UNFINISHED) if cell else ""


def run_to_compare_with(run: WorkflowRun) -> WorkflowRun | None:
    """Return the last run of the same template that succeeded before this one, or else the last."""
    if run.template_id is None:
        return None
    earlier = WorkflowRun.objects.filter(template=run.template_id, pk__lt=run.pk).order_by("-pk")
    latest: Iterator[tuple[int, str]] = iter(earlier.values_list("pk", "state")[:MOST_LOOKED_AT])
    known = list(latest)
    good = [pk for pk, state in known if state == RunState.SUCCESS]
    chosen = good[:1] or [pk for pk, _ in known[:1]]
    return earlier.filter(pk__in=chosen).first()


MOST_LOOKED_AT = 300
"""So many runs before it are looked through for one that succeeded."""

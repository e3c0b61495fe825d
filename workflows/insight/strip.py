"""A run as a row of boxes around one of its tasks: what came before it, what comes after."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workflows.graph import topological_order
from workflows.models import Task, TaskDependency, TaskState

MOST_TASKS = 2_000
"""Runs with more tasks have no strip."""
AROUND = 3
"""So many boxes stand on either side; what is farther away is one box."""
MOST_NAMED = 3
LONGEST = 24
"""Characters of the names in a box; where they are longer, the tasks are counted."""
WORST_FIRST = (
    TaskState.FAILED,
    TaskState.CANCELED,
    TaskState.RUNNING,
    TaskState.DISPATCHED,
    TaskState.PENDING,
    TaskState.SUCCESS,
)
Row = tuple[int, str, str]
"""Id, name and state of a task."""


@dataclass(frozen=True, slots=True)
class Box:
    """Tasks that stand beside each other in the graph."""

    tasks: Sequence[Row]
    is_here: bool = False
    """True for the task that the strip is about."""

    @property
    def state(self) -> str:
        """Return the state that tells most about them."""
        states = {state for *_, state in self.tasks}
        return next(state for state in WORST_FIRST if state in states)

    @property
    def names(self) -> str:
        """Return the names of all."""
        return ", ".join(name for _, name, _ in self.tasks)

    @property
    def label(self) -> str:
        """Return the names if they fit, else how many tasks there are."""
        is_short = len(self.tasks) <= MOST_NAMED and len(self.names) <= LONGEST
        return self.names if is_short or len(self.tasks) == 1 else f"{len(self.tasks):,} steps"

    @property
    def first(self) -> int:
        """Return the task that a click leads to: the first in the state of the box."""
        return next(pk for pk, _, state in self.tasks if state == self.state)


def strip_around(task: Task) -> list[Box]:
    """Return the boxes of the task's run, from left to right; two statements."""
    columns = ("pk", "step_id", "title", "state")
    found = Task.objects.filter(run=task.run_id).order_by("position").values_list(*columns)
    rows = {pk: (pk, step_id or title, state) for pk, step_id, title, state in found[:MOST_TASKS]}
    if task.run_id is None or not 1 < len(rows) < MOST_TASKS or task.pk not in rows:
        return []
    levels = _levels(rows, task.run_id)
    here = levels[task.pk]
    by_level: dict[int, list[Row]] = defaultdict(list)
    for pk, row in rows.items():
        if pk != task.pk:
            by_level[min(max(levels[pk] - here, -AROUND), AROUND)].append(row)
    return [*_boxes(by_level, 0), Box([rows[task.pk]], is_here=True), *_boxes(by_level, 1)]


def _boxes(by_level: Mapping[int, Sequence[Row]], side: int) -> Iterator[Box]:
    """Yield the boxes at the left of the task (side 0), or at its right."""
    for level in sorted(by_level):
        if (level > 0) == bool(side):
            yield Box(by_level[level])


def _levels(rows: Mapping[int, Row], run_id: int) -> dict[int, int]:
    """Return how many tasks must be passed to get to each one."""
    upstream: dict[int, list[int]] = {pk: [] for pk in rows}
    edges = TaskDependency.objects.filter(task__run=run_id, depends_on__run=run_id)
    for pk, before in edges.values_list("task_id", "depends_on_id"):
        upstream[pk].append(before)
    levels: dict[int, int] = {}
    for pk in topological_order(upstream):
        levels[pk] = max((levels[each] + 1 for each in upstream[pk]), default=0)
    return levels

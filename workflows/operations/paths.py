"""Which tasks of runs follow others, directly or not, and which gates stand before them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q

from workflows.graph import downstream_of
from workflows.models import Task, TaskDependency
from workflows.runs.approval_requests import undecided


def downstream_ids(task: Task) -> set[int]:
    """Return the tasks that follow a task in its run, directly or not; reads all of its edges."""
    if task.run_id is None:
        return set()
    edges = TaskDependency.objects.filter(task__run=task.run_id)
    return downstream_of(task.pk, edges.values_list("depends_on_id", "task_id").iterator())


def passed_gates(tasks: Sequence[Task]) -> list[Task]:
    """
    Return the undecided gates that are passed if tasks are marked success.

    A task passes itself and whatever stands before it: what waits for the task alone would start
    although nobody has let the others pass. Edges are read only if there is such a gate at all.
    """
    ids = {task.pk for task in tasks}
    runs = {task.run_id for task in tasks if task.run_id}
    gates = list(undecided(Task.objects.filter(Q(run__in=runs) | Q(pk__in=ids))))
    if all(gate.pk in ids for gate in gates):
        return gates
    upstream = reached(ids, _preceding(runs))
    return [gate for gate in gates if gate.pk in ids | upstream]


def reached(task_ids: Iterable[int], neighbours: Mapping[int, Sequence[int]]) -> set[int]:
    """Return what is reached from tasks, directly or not; one pass, however many the paths."""
    found: set[int] = set()
    frontier = list(task_ids)
    while frontier:
        new = [pk for pk in neighbours.get(frontier.pop(), ()) if pk not in found]
        found.update(new)
        frontier += new
    return found


def following(runs: Iterable[int], **of_task: str) -> dict[int, list[int]]:
    """Return the tasks that depend directly on each task of some runs."""
    conditions = {"task__run__in": set(runs), **of_task}
    edges = TaskDependency.objects.filter(**conditions).values_list("depends_on_id", "task_id")
    return _grouped(edges)


def _preceding(runs: Iterable[int]) -> dict[int, list[int]]:
    edges = TaskDependency.objects.filter(task__run__in=set(runs))
    return _grouped(edges.values_list("task_id", "depends_on_id"))


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    grouped: dict[int, list[int]] = defaultdict(list)
    for one, other in pairs:
        grouped[one].append(other)
    return grouped

"""Which tasks of runs follow others, directly or not, and which gates stand before them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from workflows.graph import downstream_of
from workflows.models import Task, TaskDependency
from workflows.runs.approval_requests import undecided


def downstream_ids(task: Task) -> set[int]:
    """Return the tasks that follow a task in its run, directly or not; reads all of its edges."""
    if task.run_id is None:
        return set()
    edges = TaskDependency.objects.filter(task__run=task.run_id)
    return downstream_of(task.pk, edges.values_list("depends_on_id", "task_id").iterator())


def passed_gates(task: Task) -> list[Task]:
    """
    Return the undecided gates that are passed if a task is marked success.

    A task passes itself and whatever stands before it: what waits for the task alone would start
    although nobody has let the others pass. They are read once for a loaded task.
    """
    if task.passed_gates is None:
        read_passed_gates([task])
    return task.passed_gates or []


def with_passed_gates(tasks: QuerySet[Task]) -> list[Task]:
    """Return tasks of runs; if no run has an undecided gate, their checks need no statement."""
    gates = undecided(Task.objects.filter(run=OuterRef("run")))
    found = list(tasks.annotate(has_gates=Exists(gates)))
    for task in found:
        task.passed_gates = None if task.has_gates else []
    return [*found]


def read_passed_gates(tasks: Sequence[Task]) -> None:
    """Read for all of these tasks which gates they pass; the edges only if there is any gate."""
    if not (unread := [task for task in tasks if task.passed_gates is None]):
        return
    ids = {task.pk for task in unread}
    runs = {task.run_id for task in unread if task.run_id}
    gates = list(undecided(Task.objects.filter(Q(run__in=runs) | Q(pk__in=ids))))
    edges = _preceding(runs) if any(gate.pk not in ids for gate in gates) else {}
    for task in unread:
        before = {task.pk, *reached([task.pk], edges)} if gates else set()
        task.passed_gates = [gate for gate in gates if gate.pk in before]


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

"""What is blocked, why, and down to which root causes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from workflows.graph import root_causes
from workflows.models import RunState, Task, TaskDependency, TaskState, WorkflowRun

DEPENDENCIES = "dependencies not satisfied"
NOTHING_LEFT = "no ready tasks"


@dataclass(frozen=True, slots=True)
class Cause:
    """A task that keeps others from ever being ready."""

    task_id: int
    step_id: str | None
    title: str
    status: str

    def as_json(self) -> dict[str, Any]:
        """Return the form that the API answers with."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Blocked:
    """A pending task that cannot be dispatched now."""

    task_id: int
    step_id: str | None
    reason: str
    root_causes: tuple[Cause, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the form that the API answers with."""
        return asdict(self)


def blocked_tasks(run: WorkflowRun) -> list[Blocked]:
    """
    Return the tasks that wait for a dependency, in the template's order.

    Three statements and one pass over what is pending, whatever the number of paths.
    """
    pending = list(
        Task.objects.filter(run=run, state=TaskState.PENDING, unmet_count__gt=0).order_by(
            "position"
        )
    )
    if not pending:
        return []
    broken = {cause.task_id: cause for cause in causes_in(run)}
    found = root_causes(_upstream_of_pending(run), frozenset(broken))
    return [
        Blocked(
            task.pk,
            task.step_id,
            DEPENDENCIES,
            tuple(broken[cause] for cause in sorted(found.get(task.pk, ()))),
        )
        for task in pending
    ]


def causes_in(run: WorkflowRun) -> list[Cause]:
    """Return the root causes of a run's deadlock, in the template's order."""
    return [as_cause(task) for task in Task.objects.root_causes().filter(run=run)]


def as_cause(task: Task) -> Cause:
    """Describe a task as the cause of something."""
    return Cause(task.pk, task.step_id, task.title, str(task.state))


def deadlocks(runs: Iterable[WorkflowRun]) -> dict[int, dict[str, Any]]:
    """
    Return what the API says of each deadlocked run, by run id.

    Deadlocked: tasks are pending, none is active or free, and a root cause failed or was canceled.
    One statement for any number of runs, none while no run is suspect.
    """
    suspects = {run.pk: run for run in runs if _may_be_deadlocked(run)}
    causes: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if suspects:
        free = Task.objects.ready().filter(run__in=suspects).values_list("run", flat=True)
        stuck = set(suspects) - set(free.order_by().distinct())
        for task in Task.objects.root_causes().filter(run__in=stuck):
            causes[task.run_id or 0].append(as_cause(task).as_json())
    return {
        pk: {"root_causes": found, "blocked": suspects[pk].pending_count}
        for pk, found in causes.items()
    }


def _may_be_deadlocked(run: WorkflowRun) -> bool:
    unfinished = run.state not in {RunState.SUCCESS, RunState.ABORTED}
    return bool(unfinished and run.pending_count and run.broken_count and not run.active_count)


def _upstream_of_pending(run: WorkflowRun) -> dict[int, list[int]]:
    edges = TaskDependency.objects.filter(task__run=run, task__state=TaskState.PENDING)
    upstream: dict[int, list[int]] = defaultdict(list)
    for task, depends_on in edges.values_list("task_id", "depends_on_id"):
        upstream[task].append(depends_on)
    return upstream

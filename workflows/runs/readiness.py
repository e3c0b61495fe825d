"""What is blocked, why, and down to which root causes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q

from workflows.graph import root_causes
from workflows.models import RunState, Task, TaskAttempt, TaskDependency, TaskState, WorkflowRun

DEPENDENCIES = "dependencies not satisfied"
APPROVAL = "waiting for approval"
HOLD = "on hold"
NOTHING_LEFT = "no ready tasks"


# Of several, the answer to dispatch-ready names the first.
PRECEDENCE = (DEPENDENCIES, APPROVAL, HOLD)

MOST_CAUSES = 20
"""How many root causes an answer names for one task; it says when there are more."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A task that keeps others from being ready: it ended badly, or waits for a person."""

    task_id: int
    step_id: str | None
    title: str
    status: str
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the form that the API answers with."""
        # By hand: asdict() copies what is in it, at five times the cost, for each of many tasks.
        return {
            "task_id": self.task_id,
            "step_id": self.step_id,
            "title": self.title,
            "status": self.status,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Blocked:
    """A pending task that cannot be dispatched now."""

    task_id: int
    step_id: str | None
    reason: str
    root_causes: tuple[Cause, ...] = ()
    more_root_causes: bool = False
    note: str = ""
    resume_at: str | None = None
    """When a hold ends by itself."""

    def as_json(self) -> dict[str, Any]:
        """Return the form that the API answers with."""
        return {
            "task_id": self.task_id,
            "step_id": self.step_id,
            "reason": self.reason,
            "root_causes": tuple(cause.as_json() for cause in self.root_causes),
            "more_root_causes": self.more_root_causes,
            "note": self.note,
            "resume_at": self.resume_at,
        }


def blocked_tasks(run: WorkflowRun, *, most: int | None = None) -> list[Blocked]:
    """
    Return the tasks that wait for a dependency or for a person, in the template's order.

    :param most: return the first of them only, which is quicker.
    """
    waiting = Task.objects.filter(run=run, state=TaskState.PENDING, unmet_count__gt=0)
    return why_blocked(run, waiting.order_by("position").defer("payload")[:most])


def why_blocked(run: WorkflowRun, tasks: Iterable[Task]) -> list[Blocked]:
    """
    Return why tasks of a run, which are pending and not ready, wait.

    Four statements and one pass over what is pending, whatever the number of paths.
    """
    causes = {cause.task_id: cause for cause in (*_persons_in(run), *causes_in(run))}
    upstream = upstream_of_pending(run) if causes else {}
    found = root_causes(upstream, causes, most=MOST_CAUSES + 1)
    return [_blocked(task, [causes[pk] for pk in found.get(task.pk, ())]) for task in tasks]


def _blocked(task: Task, causes: Sequence[Cause]) -> Blocked:
    named, more = tuple(causes[:MOST_CAUSES]), len(causes) > MOST_CAUSES
    until = task.resume_at.isoformat() if task.resume_at else None
    return Blocked(task.pk, task.step_id, waits_for(task), named, more, task.note, until)


def waits_for(task: Task) -> str:
    """Say in the contract's words what a pending task waits for; empty if for nothing."""
    if task.unmet_dependencies:
        return DEPENDENCIES
    if task.awaits_approval:
        return APPROVAL
    return HOLD if task.is_held else ""


def causes_in(run: WorkflowRun) -> list[Cause]:
    """Return the failed and canceled root causes of a run, in the template's order."""
    return causes_of(Task.objects.root_causes().filter(run=run))


def _persons_in(run: WorkflowRun) -> list[Cause]:
    waited_for = Q(is_held=True) | Q(awaits_approval=True)
    tasks = Task.objects.filter(waited_for, run=run, state=TaskState.PENDING)
    return [as_cause(task) for task in tasks.order_by("position").defer("payload")]


def causes_of(tasks: Iterable[Task]) -> list[Cause]:
    """Describe broken tasks with their own reasons; one statement for all."""
    broken = list(tasks)
    attempts = TaskAttempt.objects.filter(
        task__in=[task.pk for task in broken], number=F("task__attempt_count")
    )
    messages = dict(attempts.values_list("task_id", "message"))
    return [as_cause(task, messages.get(task.pk, "")) for task in broken]


def as_cause(task: Task, message: str = "") -> Cause:
    """Describe a task as the cause of something."""
    return Cause(task.pk, task.step_id, task.title, _standing(task), task.note or message)


def _standing(task: Task) -> str:
    if task.state == TaskState.PENDING and (task.awaits_approval or task.is_held):
        return APPROVAL if task.awaits_approval else HOLD
    return str(task.state)


def deadlocks(runs: Iterable[WorkflowRun]) -> dict[int, dict[str, Any]]:
    """
    Return what the API says of each deadlocked run, by run id.

    Deadlocked: tasks are pending, none is active or free, and a root cause failed or was canceled.
    Three statements for any number of runs, none while no run is suspect.
    """
    suspects = {run.pk: run for run in runs if _may_be_deadlocked(run)}
    causes: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if suspects:
        free = Task.objects.ready().filter(run__in=suspects).values_list("run", flat=True)
        stuck = set(suspects) - set(free.order_by().distinct())
        broken = list(Task.objects.root_causes().filter(run__in=stuck))
        for task, cause in zip(broken, causes_of(broken), strict=True):
            causes[task.run_id or 0].append(cause.as_json())
    return {
        pk: {"root_causes": found, "blocked": suspects[pk].pending_count}
        for pk, found in causes.items()
    }


def _may_be_deadlocked(run: WorkflowRun) -> bool:
    unfinished = run.state not in {RunState.SUCCESS, RunState.ABORTED}
    return bool(unfinished and run.pending_count and run.broken_count and not run.active_count)


def upstream_of_pending(run: WorkflowRun) -> dict[int, list[int]]:
    """Return, for each pending task that has any, what it depends on."""
    edges = TaskDependency.objects.filter(task__run=run, task__state=TaskState.PENDING)
    upstream: dict[int, list[int]] = defaultdict(list)
    for task, depends_on in edges.values_list("task_id", "depends_on_id"):
        upstream[task].append(depends_on)
    return upstream

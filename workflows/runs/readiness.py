"""Finds which tasks are blocked, why, and by which root causes."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q

from workflows.graph import downstream_of, root_causes
from workflows.models import RunState, Task, TaskAttempt, TaskDependency, TaskState, WorkflowRun
from workflows.models.bounds import LONGEST_REASON, cut
from workflows.models.task import BROKEN
from workflows.runs.approval_requests import WHY_ASKED

DEPENDENCIES = "dependencies not satisfied"
APPROVAL = "waiting for approval"
HOLD = "on hold"
NOTHING_LEFT = "no ready tasks"

# Of several reasons, the answer to dispatch-ready names the first in this order.
PRECEDENCE = (DEPENDENCIES, APPROVAL, HOLD)

MOST_CAUSES = 20
"""Root causes that an answer names for one task; `more_root_causes` says if there are more."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A task that keeps others from being ready: it failed, was canceled, or waits for a person."""

    task_id: int
    step_id: str | None
    title: str
    status: str
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as the API answers with it."""
        # Not by asdict(), which copies all values: five times the cost, for each of many tasks.
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
    """Why it asks for approval again, or what an operator last said of it."""
    resume_at: str | None = None
    """When its hold ends by itself."""

    def as_json(self) -> dict[str, Any]:
        """Return it as the API answers with it."""
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

    :param most: return only the first so many, which is quicker.
    """
    waiting = Task.objects.filter(run=run, state=TaskState.PENDING, unmet_count__gt=0)
    return why_blocked(run, waiting.order_by("position").defer("payload")[:most])


def why_blocked(run: WorkflowRun, tasks: Iterable[Task]) -> list[Blocked]:
    """
    Return why tasks of a run wait that are pending and not ready.

    Four statements and one pass over the pending tasks, whatever the number of paths.
    """
    waiting = _waiting_for_persons(run)
    causes = {cause.task_id: cause for cause in (*map(as_cause, waiting), *causes_in(run))}
    upstream = upstream_of_pending(run) if causes else {}
    found = root_causes(upstream, causes, most=MOST_CAUSES + 1)
    notes = {task.pk: why_asked(task) or task.note for task in waiting}
    return [
        _blocked(task, [causes[pk] for pk in found.get(task.pk, ())], notes.get(task.pk, task.note))
        for task in tasks
    ]


def _blocked(task: Task, causes: Sequence[Cause], note: str) -> Blocked:
    named, more = tuple(causes[:MOST_CAUSES]), len(causes) > MOST_CAUSES
    until = task.resume_at.isoformat() if task.resume_at else None
    return Blocked(task.pk, task.step_id, waits_for(task), named, more, note, until)


def waits_for(task: Task) -> str:
    """Return the reason, as the API words it, why a pending task waits; empty if it is ready."""
    if task.unmet_dependencies:
        return DEPENDENCIES
    if task.awaits_approval:
        return APPROVAL
    return HOLD if task.is_held else ""


def causes_in(run: WorkflowRun) -> list[Cause]:
    """Return the failed and canceled root causes of a run, in the template's order."""
    return causes_of(Task.objects.root_causes().filter(run=run))


def _waiting_for_persons(run: WorkflowRun) -> list[Task]:
    waits = Q(is_held=True) | Q(awaits_approval=True)
    tasks = Task.objects.filter(waits, run=run, state=TaskState.PENDING)
    return list(tasks.annotate(why_asked=WHY_ASKED).order_by("position").defer("payload"))


def why_asked(task: Task) -> str:
    """Return why a task asks for approval again, if `WHY_ASKED` was read with it."""
    return (task.awaits_approval and getattr(task, "why_asked", None)) or ""


def causes_of(tasks: Iterable[Task]) -> list[Cause]:
    """Describe broken tasks as causes, with their own reasons; one statement for all."""
    broken = list(tasks)
    attempts = TaskAttempt.objects.filter(
        task__in=[task.pk for task in broken], number=F("task__attempt_count")
    )
    messages = dict(attempts.values_list("task_id", "message"))
    return [as_cause(task, messages.get(task.pk, "")) for task in broken]


def as_cause(task: Task, message: str = "") -> Cause:
    """Describe a task as a cause of others that are blocked."""
    reason = cut(why_asked(task) or task.reason(message), most=LONGEST_REASON)
    return Cause(task.pk, task.step_id, task.title, _status_of(task), reason)


def _status_of(task: Task) -> str:
    if task.state == TaskState.PENDING and (task.awaits_approval or task.is_held):
        return APPROVAL if task.awaits_approval else HOLD
    return str(task.state)


def deadlocks(runs: Iterable[WorkflowRun]) -> dict[int, dict[str, Any]]:
    """
    Return what the API says of the runs that are deadlocked, by run id.

    A run is deadlocked if none of its tasks is active or ready, and pending ones wait for a failed
    or canceled one, directly or not; `blocked` is the number of those. At most four statements for
    any number of runs; none if the counters rule it out.
    """
    candidates = {run.pk: run for run in runs if _may_be_deadlocked(run)}
    causes: dict[int, list[dict[str, Any]]] = defaultdict(list)
    waiting: set[int] = set()
    if candidates:
        startable = Task.objects.startable().filter(run__in=candidates).order_by()
        found = set(startable.values_list("run", "unmet_count").distinct())
        waiting = {pk for pk, _ in found}
        stuck = set(candidates) - {pk for pk, unmet in found if not unmet}
        broken = list(Task.objects.root_causes().filter(run__in=stuck))
        for task, cause in zip(broken, causes_of(broken), strict=True):
            causes[task.run_id or 0].append(cause.as_json())
    counts = blocked_counts(waiting.intersection(causes))
    return {
        pk: {"root_causes": each, "blocked": counts.get(pk, candidates[pk].pending_count)}
        for pk, each in causes.items()
    }


def blocked_counts(run_ids: Collection[int]) -> Counter[int]:
    """
    Return how many pending tasks wait for a failed or canceled one, directly or not, by run.

    Where no task is active or ready, and none waits for a person, these are all pending ones.
    """
    if not run_ids:
        return Counter()
    pending = {"task__run__in": run_ids, "task__state": TaskState.PENDING}
    columns = ("task__run", "task", "depends_on", "depends_on__state")
    edges = list(TaskDependency.objects.filter(**pending).values_list(*columns))
    run_of = {task: run for run, task, *_ in edges}
    # All broken tasks are upstream of one vertex, which is no task.
    broken = {(0, parent) for _, _, parent, state in edges if state in BROKEN}
    blocked = downstream_of(0, [*broken, *((parent, task) for _, task, parent, _ in edges)])
    return Counter(run_of[pk] for pk in blocked if pk in run_of)


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

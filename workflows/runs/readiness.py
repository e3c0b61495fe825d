"""Finds which tasks are blocked, why, and by which root causes."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from workflows.db.composed import AmongGiven, Given, composed
from workflows.graph import downstream_of, root_causes
from workflows.models import RunState, Task, TaskAttempt, TaskDependency, TaskState, WorkflowRun
from workflows.models.bounds import LONGEST_REASON, cut
from workflows.models.task import BROKEN
from workflows.runs.approval_requests import reason_asked

DEPENDENCIES = "dependencies not satisfied"
APPROVAL = "waiting for approval"
HOLD = "on hold"
NOTHING_LEFT = "no ready tasks"

# Of several reasons, the answer to dispatch-ready names the first in this order.
PRECEDENCE = (DEPENDENCIES, APPROVAL, HOLD)

MOST_CAUSES = 20
"""Root causes that an answer names for one task or run; it says how many more there are, or if."""
MOST_COUNTED = 20_000
"""In how many pending tasks of several runs the blocked ones are looked for."""
OF_ATTEMPT = ("message", "exit_code")


@dataclass(frozen=True, slots=True)
class Cause:
    """A task that keeps others from being ready: it failed, was canceled, or waits for a person."""

    task_id: int
    step_id: str | None
    title: str
    status: str
    reason: str = ""
    exit_code: int | None = None
    """Of its last attempt; not in the JSON form."""

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
class Deadlock:
    """Which failed and canceled tasks keep a run that stands still from its end."""

    root_causes: tuple[Cause, ...]
    blocked: int
    """How many pending tasks wait for them, directly or not."""
    more_blocked: bool = False
    """True if they were not counted, as the run is too large for a list: there are at least so
    many."""

    def as_json(self) -> dict[str, Any]:
        """Return it as the API answers with it."""
        return {
            "root_causes": [cause.as_json() for cause in self.root_causes[:MOST_CAUSES]],
            "root_cause_count": len(self.root_causes),
            "blocked": self.blocked,
            "more_blocked": self.more_blocked,
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
    waiting = _waiting_for_persons.rows(run=run.pk)
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
    return causes_by_run([run]).get(run.pk, [])


def causes_by_run(runs: Collection[WorkflowRun]) -> dict[int, list[Cause]]:
    """Return the failed and canceled root causes of runs, by run id; one statement."""
    if not runs:
        return {}
    found: dict[int, list[Cause]] = defaultdict(list)
    for task in _root_causes.rows(runs=[run.pk for run in runs]):
        end = [getattr(task, name) for name in OF_ATTEMPT]
        found[task.run_id or 0].append(as_cause(task, *end))
    return dict(found)


@composed
def _root_causes() -> QuerySet[Task]:
    last = TaskAttempt.objects.filter(task=OuterRef("pk"), number=OuterRef("attempt_count"))
    tasks = Task.objects.root_causes().filter(AmongGiven("run", "runs")).defer("payload")
    return tasks.annotate(**{name: Subquery(last.values(name)) for name in OF_ATTEMPT})


@composed
def _waiting_for_persons() -> QuerySet[Task]:
    waits = Q(is_held=True) | Q(awaits_approval=True)
    tasks = Task.objects.filter(waits, run=Given("run"), state=TaskState.PENDING)
    return tasks.annotate(why_asked=reason_asked()).order_by("position").defer("payload")


def why_asked(task: Task) -> str:
    """Return why a task asks for approval again, if `reason_asked` was read with it."""
    return (task.awaits_approval and getattr(task, "why_asked", None)) or ""


def causes_of(tasks: Iterable[Task]) -> list[Cause]:
    """Describe broken tasks as causes, with their own reasons; one statement for all."""
    broken = list(tasks)
    attempts = TaskAttempt.objects.filter(
        task__in=[task.pk for task in broken], number=F("task__attempt_count")
    )
    ends = {task: end for task, *end in attempts.values_list("task_id", *OF_ATTEMPT)}
    return [as_cause(task, *ends.get(task.pk, ())) for task in broken]


def as_cause(task: Task, message: str | None = "", exit_code: int | None = None) -> Cause:
    """Describe a task as a cause of others that are blocked, and how its last attempt ended."""
    reason = cut(why_asked(task) or task.reason(message or ""), most=LONGEST_REASON)
    return Cause(task.pk, task.step_id, task.title, _status_of(task), reason, exit_code)


def _status_of(task: Task) -> str:
    if task.state == TaskState.PENDING and (task.awaits_approval or task.is_held):
        return APPROVAL if task.awaits_approval else HOLD
    return str(task.state)


def may_be_deadlocked(run: WorkflowRun) -> bool:
    """Return False if the counters rule out that the run is deadlocked."""
    unfinished = run.state not in {RunState.SUCCESS, RunState.ABORTED}
    stands_still = run.state == RunState.PAUSED or not run.active_count
    return bool(unfinished and stands_still and run.pending_count and run.broken_count)


def deadlocks_of(runs: Sequence[WorkflowRun], *, partial: AbstractSet[int]) -> dict[int, Deadlock]:
    """
    Return the deadlocks of runs that stand still, by run id; at most two statements.

    A run is deadlocked if it is paused or none of its tasks is active or ready, and pending ones
    wait for a failed or canceled one, directly or not.

    :param partial: the runs in which other pending tasks may still run.
    """
    causes = causes_by_run(runs)
    counts = blocked_counts(_few_enough([run for run in runs if run.pk in partial & causes.keys()]))
    return {
        run.pk: _deadlock(run, causes[run.pk], counts, is_partial=run.pk in partial)
        for run in runs
        if run.pk in causes
    }


def _deadlock(
    run: WorkflowRun, causes: Sequence[Cause], counts: Mapping[int, int], *, is_partial: bool
) -> Deadlock:
    if not is_partial:
        return Deadlock(tuple(causes), run.pending_count)
    return Deadlock(tuple(causes), counts.get(run.pk, 1), more_blocked=run.pk not in counts)


def _few_enough(runs: Sequence[WorkflowRun]) -> list[int]:
    """Return the runs whose blocked tasks are counted: of many runs, the small ones."""
    small_first = sorted(runs, key=lambda run: run.pending_count)
    totals = accumulate(run.pending_count for run in small_first)
    return [
        run.pk
        for run, total in zip(small_first, totals, strict=True)
        if len(runs) == 1 or total <= MOST_COUNTED
    ]


def blocked_counts(run_ids: Collection[int]) -> dict[int, int]:
    """
    Return how many pending tasks wait for a failed or canceled one, directly or not, by run.

    Where no task is active or ready, and none waits for a person, these are all pending ones.
    """
    if not run_ids:
        return {}
    pending = {"task__run__in": run_ids, "task__state": TaskState.PENDING}
    columns = ("task__run", "task", "depends_on", "depends_on__state")
    edges = list(TaskDependency.objects.filter(**pending).values_list(*columns))
    run_of = {task: run for run, task, *_ in edges}
    # All broken tasks are upstream of one vertex, which is no task.
    broken = {(0, parent) for _, _, parent, state in edges if state in BROKEN}
    blocked = downstream_of(0, [*broken, *((parent, task) for _, task, parent, _ in edges)])
    return {**dict.fromkeys(run_ids, 0), **Counter(run_of[pk] for pk in blocked if pk in run_of)}


def upstream_of_pending(run: WorkflowRun) -> dict[int, list[int]]:
    """Return, for each pending task that has any, what it depends on."""
    upstream: dict[int, list[int]] = defaultdict(list)
    for task, depends_on in _pending_edges.rows(run=run.pk):
        upstream[task].append(depends_on)
    return upstream


@composed
def _pending_edges() -> QuerySet[TaskDependency, Any]:
    edges = TaskDependency.objects.filter(task__run=Given("run"), task__state=TaskState.PENDING)
    return edges.values_list("task_id", "depends_on_id")

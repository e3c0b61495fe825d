"""Why each pending task of a run has not been dispatched, in sentences and in data."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from workflows.dispatch.runner_pool import RunnerPool
from workflows.insight.phrases import describe_causes, joined, moment, quoted
from workflows.insight.situation import situation_of
from workflows.insight.standing import obstacle
from workflows.models import RunState, Task, TaskDependency, TaskState, WorkflowRun
from workflows.runs.approval_requests import reason_asked
from workflows.runs.locks import no_such_run
from workflows.runs.readiness import (
    APPROVAL,
    DEPENDENCIES,
    HOLD,
    Blocked,
    Cause,
    as_cause,
    blocked_tasks,
    waits_for,
    why_asked,
    why_blocked,
)

READY = "ready"
PAUSED = "the run is paused"


def explain(run_id: int) -> dict[str, Any]:
    """
    Return why each pending task of a run waits, down to its root causes.

    A constant number of statements and one pass over the pending tasks, however many paths lead
    to them.

    :raises NotFound: if there is no such run.
    """
    run = WorkflowRun.objects.filter(pk=run_id).first()
    if run is None:
        raise no_such_run(run_id)
    situation = situation_of(run)
    deadlock = situation.deadlock
    return {
        "run_id": run.pk,
        "status": str(run.state),
        "sentence": situation.sentence,
        "deadlock": deadlock.as_json() if deadlock else None,
        "set_aside": run.set_aside,
        "blocked": explain_tasks(run),
    }


def explain_tasks(run: WorkflowRun, *, most: int | None = None) -> list[dict[str, Any]]:
    """
    Return why each pending task of a run waits, as in `explain`.

    :param most: explain only so many tasks, ready ones first; quicker in a large run.
    """
    ready = Task.objects.ready().filter(run=run).defer("payload")[:most]
    blocked = blocked_tasks(run, most=most)
    edges = TaskDependency.objects.filter(task__run=run, task__state=TaskState.PENDING)
    if most is not None:
        edges = edges.filter(task__in=[task.task_id for task in blocked])
    return [*_entries(_undispatched(ready, run)), *_entries(blocked, edges)][:most]


def explain_task(task: Task) -> dict[str, Any] | None:
    """Return why a task waits, as its entry in `explain`; None unless it is pending."""
    if task.state != TaskState.PENDING:
        return None
    return _entries(_why_pending(task), TaskDependency.objects.filter(task=task))[0]


def task_sentence(task: Blocked, upstream: Sequence[Cause] = ()) -> str:
    """Return why a pending task waits, as a sentence for operators."""
    if task.reason == READY:
        return "Ready: the next dispatch takes it."
    if task.reason == APPROVAL:
        return f"Waits for somebody to approve it{task.note and f' ({task.note})'}."
    if task.reason == HOLD:
        return _hold_sentence(task)
    if task.reason == DEPENDENCIES:
        return _dependencies_sentence(task, upstream)
    return f"Ready, but {task.reason}."


def task_sentence_from_json(entry: Mapping[str, Any]) -> str:
    """Return this sentence for a blocked task in the JSON form that dispatch-ready returns."""
    causes = tuple(Cause(**cause) for cause in entry["root_causes"])
    return task_sentence(Blocked(**{**entry, "root_causes": causes}))


def _hold_sentence(task: Blocked) -> str:
    end = datetime.fromisoformat(task.resume_at) if task.resume_at else None
    until = f" until {moment(end)}" if end else ""
    return f"Is on hold{until} ({task.note})." if task.note else f"Is on hold{until}."


def _dependencies_sentence(task: Blocked, upstream: Sequence[Cause]) -> str:
    if task.root_causes:
        causes = describe_causes(task.root_causes, are_all=not task.more_root_causes)
        return f"Cannot start: {causes}."
    unfinished = joined(f"{quoted(cause)} ({cause.status})" for cause in upstream)
    return f"Waits for {unfinished or 'tasks that have not finished'}."


def _why_pending(task: Task) -> list[Blocked]:
    if not task.unmet_count:
        return _undispatched([task], task.run)
    if task.run:
        return why_blocked(task.run, [task])
    asked = Task.objects.annotate(why_asked=reason_asked()).get(pk=task.pk)
    return [Blocked(task.pk, task.step_id, waits_for(task), note=why_asked(asked) or task.note)]


def _undispatched(ready: Iterable[Task], run: WorkflowRun | None) -> list[Blocked]:
    """Return why nothing else keeps these tasks: their run, their runner, or nobody asked yet."""
    tasks = list(ready)
    if run and run.state == RunState.PAUSED:
        return [Blocked(task.pk, task.step_id, PAUSED) for task in tasks]
    pool = RunnerPool()
    pool.note_full_runners(tasks)
    reasons = (obstacle(task, pool) or READY for task in tasks)
    return [Blocked(task.pk, task.step_id, why) for task, why in zip(tasks, reasons, strict=True)]


def _entries(
    tasks: Sequence[Blocked], edges: QuerySet[TaskDependency] | None = None
) -> list[dict[str, Any]]:
    """Return what the API says of each task; `edges` are those to their upstream tasks."""
    causes = {cause.task_id: cause for task in tasks for cause in task.root_causes}
    upstream = _unfinished_upstream(edges, causes) if edges is not None and tasks else {}
    return [_entry(task, upstream.get(task.task_id, ())) for task in tasks]


def _entry(task: Blocked, upstream: Sequence[Cause]) -> dict[str, Any]:
    return {
        **task.as_json(),
        "sentence": task_sentence(task, upstream),
        "waits_for": [cause.as_json() for cause in upstream],
    }


CAUSE_COLUMNS = ("id", "step_id", "title", "state", "awaits_approval", "is_held", "note")
"""In the order of the model's fields, since `from_db` takes the values in that order."""


def _unfinished_upstream(
    edges: QuerySet[TaskDependency], causes: dict[int, Cause]
) -> Mapping[int, list[Cause]]:
    """
    Return, by task id, the upstream tasks that have not succeeded.

    Root causes are taken from `causes`, with their reasons; every other one is added to it.
    """
    rows = edges.exclude(depends_on__state=TaskState.SUCCESS).order_by("depends_on__position")
    columns = [f"depends_on__{name}" for name in CAUSE_COLUMNS]
    found: dict[int, list[Cause]] = defaultdict(list)
    for task, upstream, *values in rows.values_list("task_id", *columns):
        if upstream not in causes:
            causes[upstream] = as_cause(Task.from_db(None, CAUSE_COLUMNS, [upstream, *values]))
        found[task].append(causes[upstream])
    return found

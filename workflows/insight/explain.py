"""Why each pending task of a run has not been dispatched, in sentences and in data."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from workflows.dispatch.runner_pool import RunnerPool
from workflows.errors import NotFound
from workflows.models import RunState, Task, TaskDependency, TaskState, WorkflowRun
from workflows.runs.readiness import (
    APPROVAL,
    DEPENDENCIES,
    HOLD,
    Blocked,
    Cause,
    as_cause,
    blocked_tasks,
    deadlocks,
    waits_for,
    why_blocked,
)

READY = "ready"
MOST_NAMED = 3
"""How many tasks a sentence names; the others are counted."""

RUN_SENTENCES = {
    RunState.CREATED: "Nothing has been dispatched yet: dispatch the ready tasks to begin.",
    RunState.PAUSED: "The run is paused: nothing is dispatched until it is resumed.",
    RunState.ABORTED: "The run was aborted: nothing will be dispatched any more.",
    RunState.SUCCESS: "Every task has succeeded.",
    RunState.FAILED: "A task failed or was canceled, and no other task can be dispatched.",
}
BROKEN_VERBS = {TaskState.FAILED.value: "failed", TaskState.CANCELED.value: "was canceled"}
WAITING_VERBS = {APPROVAL: "waits for approval", HOLD: "is on hold"}
"""The verb of a root cause in a sentence, by its status."""
SET_ASIDE = (
    "The run is set aside: {}. Its rows were changed by hand or damaged: compare them by "
    "manage.py verify_run {}, or abort the run."
)
NOTHING_ACTIVE = "No task is with a runner: ready tasks wait to be dispatched."


def explain(run_id: int, *, most: int | None = None) -> dict[str, Any]:
    """
    Return why each pending task of a run waits, down to its root causes.

    A constant number of statements and one pass over the pending tasks, however many paths lead
    to them.

    :param most: explain only so many tasks, ready ones first; quicker in a large run.
    :raises NotFound: if there is no such run.
    """
    run = WorkflowRun.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound("workflow run", run_id)
    deadlock = deadlocks([run]).get(run.pk)
    ready = Task.objects.ready().filter(run=run).defer("payload")[:most]
    blocked = blocked_tasks(run, most=most)
    edges = TaskDependency.objects.filter(task__run=run, task__state=TaskState.PENDING)
    if most is not None:
        edges = edges.filter(task__in=[task.task_id for task in blocked])
    return {
        "run_id": run.pk,
        "status": str(run.state),
        "sentence": run_sentence(run, deadlock),
        "deadlock": deadlock,
        "set_aside": run.set_aside,
        "blocked": [*_entries(_undispatched(ready)), *_entries(blocked, edges)][:most],
    }


def explain_task(task: Task) -> dict[str, Any] | None:
    """Return why a task waits, as its entry in `explain`; None unless it is pending."""
    if task.state != TaskState.PENDING:
        return None
    return _entries(_why_pending(task), TaskDependency.objects.filter(task=task))[0]


def run_sentence(run: WorkflowRun, deadlock: Mapping[str, Any] | None) -> str:
    """Return a sentence on the run as a whole: what it waits for, or how it ended."""
    if run.is_set_aside:
        return SET_ASIDE.format("; ".join(run.set_aside.splitlines()), run.pk)
    if deadlock:
        causes = [Cause(**cause) for cause in deadlock["root_causes"]]
        n = deadlock["blocked"]
        tasks = "1 task can" if n == 1 else f"{n} tasks can"
        because = describe_causes(causes)
        return f"{tasks} never run because {because}. Retry, mark success, or abort the run."
    if run.state == RunState.RUNNING:
        n = run.active_count
        return f"{n} {'task is' if n == 1 else 'tasks are'} with a runner." if n else NOTHING_ACTIVE
    return RUN_SENTENCES[RunState(run.state)]


def task_sentence(task: Blocked, upstream: Sequence[Cause] = ()) -> str:
    """Return why a pending task waits, as a sentence for operators."""
    if task.reason == READY:
        return "Ready: the next dispatch takes it."
    if task.reason == APPROVAL:
        return "Waits for somebody to approve it."
    if task.reason == HOLD:
        return _hold_sentence(task)
    if task.reason == DEPENDENCIES:
        return _dependencies_sentence(task, upstream)
    return f"Ready, but {task.reason}."


def task_sentence_from_json(entry: Mapping[str, Any]) -> str:
    """Return this sentence for a blocked task in the JSON form that dispatch-ready returns."""
    causes = tuple(Cause(**cause) for cause in entry["root_causes"])
    return task_sentence(Blocked(**{**entry, "root_causes": causes}))


def describe_causes(causes: Iterable[Cause], *, are_all: bool = True) -> str:
    """
    Return what happened to these tasks: `a` failed (exit code 2) and `b` is on hold.

    :param are_all: False if there are more causes than these.
    """
    return _joined(map(_describe_cause, causes), are_all=are_all)


def _describe_cause(cause: Cause) -> str:
    verb = (BROKEN_VERBS | WAITING_VERBS)[cause.status]
    return f"{_quoted(cause)} {verb}" + (f" ({cause.reason})" if cause.reason else "")


def _hold_sentence(task: Blocked) -> str:
    end = datetime.fromisoformat(task.resume_at) if task.resume_at else None
    until = f" until {end:%Y-%m-%d %H:%M} UTC" if end else ""
    return f"Is on hold{until} ({task.note})." if task.note else f"Is on hold{until}."


def _dependencies_sentence(task: Blocked, upstream: Sequence[Cause]) -> str:
    if task.root_causes:
        causes = describe_causes(task.root_causes, are_all=not task.more_root_causes)
        return f"Cannot start: {causes}."
    unfinished = _joined(f"{_quoted(cause)} ({cause.status})" for cause in upstream)
    return f"Waits for {unfinished or 'tasks that have not finished'}."


def _quoted(cause: Cause) -> str:
    return f"`{cause.step_id or cause.title}`"


def _joined(texts: Iterable[str], *, are_all: bool = True) -> str:
    """Return `a, b, c and 4 more`, or `at least 4 more` unless these are all."""
    parts = list(texts)
    if len(parts) > MOST_NAMED:
        count = f"{len(parts) - MOST_NAMED} more"
        parts = [*parts[:MOST_NAMED], count if are_all else f"at least {count}"]
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _why_pending(task: Task) -> list[Blocked]:
    if not task.unmet_count:
        return _undispatched([task])
    if task.run:
        return why_blocked(task.run, [task])
    return [Blocked(task.pk, task.step_id, waits_for(task), note=task.note)]


def _undispatched(ready: Iterable[Task]) -> list[Blocked]:
    """Return why ready tasks are not dispatched: not requested yet, or their runner takes none."""
    pool, tasks = RunnerPool(), list(ready)
    pool.note_full_runners(tasks)
    reasons = (pool.refusal_of(task) or task.note or READY for task in tasks)
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

"""Why every task of a run that does not move does not move, in sentences and in data."""

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

RUN_SENTENCES = {
    RunState.CREATED: "Nothing has been dispatched yet: dispatch the ready tasks to begin.",
    RunState.PAUSED: "The run is paused: nothing is dispatched until it is resumed.",
    RunState.ABORTED: "The run was aborted: nothing will be dispatched any more.",
    RunState.SUCCESS: "Every task is success.",
    RunState.FAILED: "A task ended badly, and nothing is left that could be dispatched.",
}
BROKEN_VERBS = {TaskState.FAILED.value: "failed", TaskState.CANCELED.value: "was canceled"}
WAITING_VERBS = {APPROVAL: "waits for approval", HOLD: "is on hold"}
"""What is said of a root cause, by its status."""
NOTHING_ACTIVE = "No task is with a runner: what is ready waits to be dispatched."


def explain(run_id: int, *, most: int | None = None) -> dict[str, Any]:
    """
    Return why each pending task of a run waits, down to its root causes.

    A constant number of statements and one pass over what is pending, whatever the number of paths.

    :param most: explain so many tasks only, what is ready first; quicker in a large run.
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
        "blocked": [*_explained(_ready(ready)), *_explained(blocked, edges)][:most],
    }


def explain_task(task: Task) -> dict[str, Any] | None:
    """Return why a task waits, as `explain` does for all of its run; None unless it is pending."""
    if task.state != TaskState.PENDING:
        return None
    return _explained(_why(task), TaskDependency.objects.filter(task=task))[0]


def sentence_of(task: Blocked, upstream: Sequence[Cause] = ()) -> str:
    """Say why a task waits: what an operator would tell another."""
    if task.reason == READY:
        return "Ready: the next dispatch takes it."
    if task.reason == APPROVAL:
        return "Waits for somebody to approve it."
    if task.reason == HOLD:
        return _held(task)
    if task.reason == DEPENDENCIES:
        return _unmet(task, upstream)
    return f"Ready, but {task.reason}."


def sentence_from(entry: Mapping[str, Any]) -> str:
    """Say it of a blocked task in an answer to dispatch-ready."""
    causes = tuple(Cause(**cause) for cause in entry["root_causes"])
    return sentence_of(Blocked(**{**entry, "root_causes": causes}))


def told(causes: Iterable[Cause]) -> str:
    """Say what became of the tasks that others wait for; the first of them, if there are many."""
    return _listed(map(_told, causes))


def run_sentence(run: WorkflowRun, deadlock: Mapping[str, Any] | None) -> str:
    """Say what keeps a run from going on, if anything does."""
    if deadlock:
        causes = [Cause(**cause) for cause in deadlock["root_causes"]]
        n = deadlock["blocked"]
        tasks = "1 task can" if n == 1 else f"{n} tasks can"
        return f"{tasks} never run because {told(causes)}. Retry, mark success, or abort the run."
    if run.state == RunState.RUNNING:
        n = run.active_count
        return f"{n} {'task is' if n == 1 else 'tasks are'} with a runner." if n else NOTHING_ACTIVE
    return RUN_SENTENCES[RunState(run.state)]


def _held(task: Blocked) -> str:
    end = datetime.fromisoformat(task.resume_at) if task.resume_at else None
    until = f" until {end:%Y-%m-%d %H:%M} UTC" if end else ""
    return f"Is on hold{until} ({task.note})." if task.note else f"Is on hold{until}."


def _unmet(task: Blocked, upstream: Sequence[Cause]) -> str:
    if task.root_causes:
        more = ", and more" if task.more_root_causes else ""
        return f"Cannot start: {told(task.root_causes)}{more}."
    waited_for = _listed(f"{_name(cause)} ({cause.status})" for cause in upstream)
    return f"Waits for {waited_for or 'tasks that have not finished'}."


def _why(task: Task) -> list[Blocked]:
    if not task.unmet_count:
        return _ready([task])
    if task.run:
        return why_blocked(task.run, [task])
    return [Blocked(task.pk, task.step_id, waits_for(task), note=task.note)]


def _ready(tasks: Iterable[Task]) -> list[Blocked]:
    """Describe what is ready and yet not dispatched: nobody asked, or its runner takes nothing."""
    pool, ready = RunnerPool(), list(tasks)
    pool.note_full_runners(ready)
    reasons = (pool.refusal_of(task) or task.note or READY for task in ready)
    return [Blocked(task.pk, task.step_id, why) for task, why in zip(ready, reasons, strict=True)]


def _explained(
    tasks: Sequence[Blocked], edges: QuerySet[TaskDependency] | None = None
) -> list[dict[str, Any]]:
    causes = {cause.task_id: cause for task in tasks for cause in task.root_causes}
    upstream = _unfinished(edges, causes) if edges is not None and tasks else {}
    return [_entry(task, upstream.get(task.task_id, ())) for task in tasks]


def _entry(task: Blocked, upstream: Sequence[Cause]) -> dict[str, Any]:
    return {
        **task.as_json(),
        "sentence": sentence_of(task, upstream),
        "waits_for": [cause.as_json() for cause in upstream],
    }


TOLD = ("id", "step_id", "title", "state", "note", "awaits_approval", "is_held")


def _unfinished(
    edges: QuerySet[TaskDependency], causes: dict[int, Cause]
) -> Mapping[int, list[Cause]]:
    """Return what tasks wait for; root causes with their own reasons, all others added to them."""
    rows = edges.exclude(depends_on__state=TaskState.SUCCESS).order_by("depends_on__position")
    columns = [f"depends_on__{name}" for name in TOLD]
    found: dict[int, list[Cause]] = defaultdict(list)
    for task, upstream, *values in rows.values_list("task_id", *columns):
        if upstream not in causes:
            causes[upstream] = as_cause(Task.from_db(None, TOLD, [upstream, *values]))
        found[task].append(causes[upstream])
    return found


def _told(cause: Cause) -> str:
    verb = (BROKEN_VERBS | WAITING_VERBS)[cause.status]
    return f"{_name(cause)} {verb}" + (f" ({cause.reason})" if cause.reason else "")


def _name(cause: Cause) -> str:
    return f"`{cause.step_id or cause.title}`"


def _listed(texts: Iterable[str]) -> str:
    named = list(texts)
    if len(named) > MOST_NAMED:
        named = [*named[:MOST_NAMED], f"{len(named) - MOST_NAMED} more"]
    return " and ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))

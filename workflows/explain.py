"""Why every task of a run that does not move does not move, in sentences and in data."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workflows.errors import NotFound
from workflows.fleet import Fleet
from workflows.models import RunState, Task, TaskDependency, TaskState, WorkflowRun
from workflows.readiness import (
    APPROVAL,
    HOLD,
    Blocked,
    Cause,
    as_cause,
    blocked_tasks,
    deadlocks,
)

READY = "ready"
MOST_NAMED = 3

RUN_SENTENCES = {
    RunState.CREATED: "Nothing has been dispatched yet: dispatch the ready tasks to begin.",
    RunState.PAUSED: "The run is paused: nothing is dispatched until it is resumed.",
    RunState.ABORTED: "The run was aborted: nothing will be dispatched any more.",
    RunState.SUCCESS: "Every task is success.",
}


def explain(run_id: int) -> dict[str, Any]:
    """
    Return why each pending task of a run waits, down to its root causes.

    A constant number of statements and one pass over what is pending, whatever the number of paths.

    :raises NotFound: if there is no such run.
    """
    run = WorkflowRun.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound("workflow run", run_id)
    deadlock = deadlocks([run]).get(run.pk)
    blocked = blocked_tasks(run)
    causes = {cause.task_id: cause for task in blocked for cause in task.root_causes}
    upstream = _unfinished_upstream(run, causes)
    return {
        "run_id": run.pk,
        "status": str(run.state),
        "sentence": _run_sentence(run, deadlock),
        "deadlock": deadlock,
        "blocked": [*_ready(run), *(_explained(task, upstream[task.task_id]) for task in blocked)],
    }


def sentence_of(task: Blocked, upstream: Sequence[Cause]) -> str:
    """Say why a task waits: what an operator would tell another."""
    match task.reason:
        case reason if reason == APPROVAL:
            return "Waits for somebody to approve it."
        case reason if reason == HOLD:
            return f"Is on hold ({task.note})." if task.note else "Is on hold."
    if task.root_causes:
        more = ", and more" if task.more_root_causes else ""
        return f"Cannot start: {_listed(map(_told, task.root_causes))}{more}."
    return f"Waits for {_listed(f'{_name(cause)} ({cause.status})' for cause in upstream)}."


def _explained(task: Blocked, upstream: Sequence[Cause]) -> dict[str, Any]:
    return {
        **task.as_json(),
        "sentence": sentence_of(task, upstream),
        "waits_for": [cause.as_json() for cause in upstream],
    }


def _ready(run: WorkflowRun) -> Iterable[dict[str, Any]]:
    """Yield what is ready and yet not dispatched: nobody asked, or its runner takes nothing."""
    fleet = Fleet()
    tasks = list(Task.objects.ready().filter(run=run))
    fleet.look_for_places(tasks)
    for task in tasks:
        why = fleet.refusal_of(task) or task.note or READY
        sentence = {READY: "Ready: the next dispatch takes it."}.get(why, f"Ready, but {why}.")
        yield {**_explained(Blocked(task.pk, task.step_id, why), ()), "sentence": sentence}


def _unfinished_upstream(
    run: WorkflowRun, causes: Mapping[int, Cause]
) -> Mapping[int, list[Cause]]:
    """Return what each pending task waits for; root causes with their own reasons."""
    edges = TaskDependency.objects.filter(task__run=run, task__state=TaskState.PENDING)
    rows = edges.exclude(depends_on__state=TaskState.SUCCESS).order_by("depends_on__position")
    found: dict[int, list[Cause]] = defaultdict(list)
    for edge in rows.select_related("depends_on"):
        cause = causes.get(edge.depends_on_id) or as_cause(edge.depends_on)
        found[edge.task_id].append(cause)
    return found


def _run_sentence(run: WorkflowRun, deadlock: dict[str, Any] | None) -> str:
    if deadlock:
        causes = [Cause(**cause) for cause in deadlock["root_causes"]]
        n = deadlock["blocked"]
        tasks = "1 task can" if n == 1 else f"{n} tasks can"
        told = _listed(map(_told, causes))
        return f"{tasks} never run because {told}. Retry, mark success, or abort the run."
    return RUN_SENTENCES.get(RunState(run.state), "")


def _told(cause: Cause) -> str:
    verb = {
        TaskState.FAILED.value: "failed",
        TaskState.CANCELED.value: "was canceled",
        APPROVAL: "waits for approval",
        HOLD: "is on hold",
    }[cause.status]
    return f"{_name(cause)} {verb}" + (f" ({cause.reason})" if cause.reason else "")


def _name(cause: Cause) -> str:
    return f"`{cause.step_id or cause.title}`"


def _listed(texts: Iterable[str]) -> str:
    named = list(texts)
    if len(named) > MOST_NAMED:
        named = [*named[:MOST_NAMED], f"{len(named) - MOST_NAMED} more"]
    return " and ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))

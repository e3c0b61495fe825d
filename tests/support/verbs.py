"""What tests do with runs and read from them, in the words of the domain."""

from typing import Any

from django.db import transaction

from tests.support.actors import who
from workflows.dispatch.result import DispatchResult
from workflows.models import (
    Approval,
    Event,
    EventType,
    Task,
    TaskAttempt,
    TaskDependency,
    WorkflowRun,
)
from workflows.models.actor import Actor
from workflows.operations import dispatch_ready
from workflows.reports.apply import apply_report
from workflows.reports.report import Report
from workflows.runs.approval_requests import request_approval
from workflows.runs.locks import lock_run
from workflows.runs.transitions import save_progress

TEST = who("test")
CREATION = (EventType.RUN_CREATED, EventType.TASK_CREATED)


def dispatch(
    run: WorkflowRun,
    *,
    limit: int | None = 1,
    dry_run: bool = False,
    by: Actor = TEST,
) -> DispatchResult:
    """Dispatch ready tasks of a run."""
    return dispatch_ready(run.pk, limit=limit, dry_run=dry_run, by=by)


def dispatch_all(run: WorkflowRun) -> list[str]:
    """Dispatch every ready task; return their step ids in the order of dispatch."""
    return dispatch_some(run, None)


def dispatch_some(run: WorkflowRun, limit: int | None) -> list[str]:
    """Dispatch up to `limit` ready tasks; return their step ids in the order of dispatch."""
    sent = [sending.task_id for sending in dispatch(run, limit=limit).dispatches]
    names = dict(Task.objects.filter(run=run).values_list("pk", "step_id"))
    return [names[task_id] or "" for task_id in sent]


def task(run: WorkflowRun, step_id: str) -> Task:
    """Return a task of a run as it is now."""
    return Task.objects.get(run=run, step_id=step_id)


def attempt(run: WorkflowRun, step_id: str) -> TaskAttempt:
    """Return the latest attempt of a task."""
    return TaskAttempt.objects.filter(task__run=run, task__step_id=step_id).latest("number")


def report(of: TaskAttempt, status: str, **fields: Any) -> None:
    """Report on an attempt, as its runner would."""
    apply_report(Report(of.pk, status, **fields), by=who("runner"))


def start(run: WorkflowRun, *step_ids: str) -> None:
    """Report the start of tasks."""
    for step_id in step_ids:
        report(attempt(run, step_id), "running")


def finish(run: WorkflowRun, step_id: str, status: str = "success", **fields: Any) -> None:
    """Report the end of a task."""
    report(attempt(run, step_id), status, **fields)


def ask_for_approval(run: WorkflowRun, step_id: str) -> Approval:
    """Let a task wait for an approval that its step does not ask for."""
    with transaction.atomic():
        locked = lock_run(run.pk)
        approval = request_approval(locked, task(run, step_id), by=TEST)
        save_progress(locked)
    return approval


def walk(run: WorkflowRun, *step_ids: str) -> None:
    """Dispatch and finish tasks, one after the other; each must be the next ready one."""
    for step_id in step_ids:
        assert dispatch_some(run, 1) == [step_id]
        finish(run, step_id)


def state(run: WorkflowRun) -> str:
    """Return the state of a run as it is now."""
    return str(WorkflowRun.objects.values_list("state", flat=True).get(pk=run.pk))


def states(run: WorkflowRun) -> dict[str, str]:
    """Return the state of every task by its step id."""
    tasks = Task.objects.filter(run=run).order_by("position")
    return {str(step_id): str(state) for step_id, state in tasks.values_list("step_id", "state")}


def edges(run: WorkflowRun) -> set[tuple[str | None, str | None]]:
    """Return every edge of a run, from upstream to downstream."""
    rows = TaskDependency.objects.filter(task__run=run)
    return set(rows.values_list("depends_on__step_id", "task__step_id"))


def events(run: WorkflowRun) -> list[Event]:
    """Return the events of a run in the order in which they were written."""
    return list(Event.objects.filter(run=run).select_related("task").order_by("id"))


def trail(run: WorkflowRun, *, whole: bool = False) -> list[str]:
    """
    Return what happened to a run: `task.dispatched a`, `workflow_run.failed`.

    :param whole: include the events of the creation, which are the same for every run.
    """
    return [
        f"{event.event_type} {event.task}" if event.task else event.event_type
        for event in events(run)
        if whole or event.event_type not in CREATION
    ]

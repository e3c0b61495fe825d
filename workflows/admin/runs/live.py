"""What an open page of a run asks for: the graph once, then repeatedly what has changed."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, When

from workflows.db.composed import Given, composed
from workflows.insight.durations import usual_seconds
from workflows.models import (
    Approval,
    ApprovalStatus,
    Event,
    Task,
    TaskAttempt,
    TaskDependency,
    TaskState,
    WorkflowRun,
)

MAX_EVENTS = 20
"""How many events one poll sends at most, the latest ones; the list of events has all of them."""
MAX_REASON = 200
"""Characters of an event's reason."""

VIEW_ATTEMPT, VIEW_APPROVAL = "workflows.view_taskattempt", "workflows.view_approval"
May = Callable[[str], bool]
"""Whether the reader has a permission."""
Table = dict[str, Sequence[Any]]
"""Rows whose column names are sent once; `table.js` makes objects of them."""
NO_ROWS: Table = {"columns": (), "rows": ()}


class LiveTask(NamedTuple):
    """What changes about a task while its run is watched; times in seconds since 1970."""

    id: int
    state: str
    flags: list[str]
    attempts: int
    dispatched: float | None
    started: float | None
    finished: float | None
    exit_code: int | None
    """Of the latest attempt, if the task failed."""
    approved_by: str
    approved_at: float | None


class LiveEvent(NamedTuple):
    """A row of the table of events."""

    id: int
    at: str
    type: str
    task: int | None
    actor: str
    reason: str


READ_FROM_TASK = (
    "pk",
    "state",
    "is_held",
    "awaits_approval",
    "is_marked_success",
    "cancel_requested_at",
    "attempt_count",
    "dispatched_at",
    "started_at",
    "finished_at",
    "exit_code",
    "approved_by",
    "approved_at",
)
READ_FROM_EVENT = ("pk", "created_at", "event_type", "task_id", "actor", "reason")


def latest_event(run_id: int) -> int | None:
    """Return the id of the latest event of a run, None if there is no such run; one index look-up.

    Events are written under the lock of their run: a page that knows the latest has missed none.
    """
    return _latest_event.first(run=run_id)


@composed
def _latest_event() -> QuerySet[Event, int]:
    return Event.objects.filter(run=Given("run")).order_by("-pk").values_list("pk", flat=True)[:1]


def graph_of(run: WorkflowRun, may: May) -> dict[str, Any]:
    """
    Return all tasks and edges of a run.

    An edge is the indexes of its two tasks; `usual` are the usual seconds of each task, or empty.
    """
    tasks = list(
        with_ends(Task.objects.filter(run=run))
        .order_by("position")
        .values_list("step_id", "title", "runner__name", *READ_FROM_TASK, named=True)
    )
    index = {task.pk: number for number, task in enumerate(tasks)}
    edges = TaskDependency.objects.filter(task__run=run).values_list("depends_on_id", "task_id")
    usual = usual_seconds(run)
    return {
        "tasks": {
            "columns": ("name", "title", "runner", *LiveTask._fields),
            "rows": [(*_names(task), *_live_task(task, may)) for task in tasks],
        },
        # An edge from the task of another run, which somebody has made by SQL, cannot be drawn.
        "edges": [
            (index[upstream], index[task])
            for upstream, task in edges.order_by("pk")
            if upstream in index
        ],
        "usual": [usual.get(task.step_id or "") for task in tasks] if usual else [],
        "started": _seconds(run.started_at),
    }


def _names(task: Any) -> tuple[str, str, str]:
    """Return what never changes about a task."""
    name = task.step_id or f"task {task.pk}"
    return name, task.title, task.runner__name or "default runner"


def with_ends(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Add how failed tasks ended and who approved the others: few rows have either."""
    last = TaskAttempt.objects.filter(task=OuterRef("pk"), number=OuterRef("attempt_count"))
    approved = Approval.objects.filter(task=OuterRef("pk"), status=ApprovalStatus.APPROVED)
    latest = approved.order_by("-pk")
    failed, gated = Q(state=TaskState.FAILED), Q(requires_approval=True)
    return tasks.annotate(
        exit_code=Case(When(failed, Subquery(last.values("exit_code")[:1]))),
        approved_by=Case(When(gated, Subquery(latest.values("decided_by")[:1]))),
        approved_at=Case(When(gated, Subquery(latest.values("decided_at")[:1]))),
    )


def changed_tasks(run_id: int, after: int, may: May) -> Table:
    """Return the tasks that something happened to since an event."""
    rows = _changed_tasks.rows(run=run_id, after=after)
    return _table(LiveTask, (_live_task(task, may) for task in rows))


@composed
def _changed_tasks() -> QuerySet[Task, Any]:
    since = _since().exclude(task=None).values("task")
    tasks = with_ends(Task.objects.filter(run=Given("run"), pk__in=since))
    return tasks.values_list(*READ_FROM_TASK, named=True)


def new_events(run_id: int, after: int) -> Table:
    """Return the latest events since one, oldest first."""
    events = _latest_events.rows(run=run_id, after=after)
    return _table(LiveEvent, map(_live_event, reversed(events)))


@composed
def _latest_events() -> QuerySet[Event, Any]:
    return _since().order_by("-pk").values_list(*READ_FROM_EVENT, named=True)[:MAX_EVENTS]


def _since() -> QuerySet[Event]:
    return Event.objects.filter(run=Given("run"), pk__gt=Given("after"))


def _table(of: type[LiveTask | LiveEvent], rows: Iterable[LiveTask | LiveEvent]) -> Table:
    return {"columns": of._fields, "rows": list(rows)}


def _live_task(task: Any, may: May) -> LiveTask:
    approved = may(VIEW_APPROVAL)
    flags = {
        "held": task.is_held,
        "awaits_approval": task.awaits_approval,
        "marked_success": task.is_marked_success,
        "cancel_requested": task.cancel_requested_at,
    }
    return LiveTask(
        id=task.pk,
        state=task.state,
        flags=[flag for flag, is_set in flags.items() if is_set],
        attempts=task.attempt_count,
        dispatched=_seconds(task.dispatched_at),
        started=_seconds(task.started_at),
        finished=_seconds(task.finished_at),
        exit_code=task.exit_code if may(VIEW_ATTEMPT) else None,
        approved_by=(task.approved_by or "") if approved else "",
        approved_at=_seconds(task.approved_at) if approved else None,
    )


def _live_event(event: Any) -> LiveEvent:
    return LiveEvent(
        id=event.pk,
        at=event.created_at.isoformat(),
        type=event.event_type,
        task=event.task_id,
        actor=event.actor,
        reason=event.reason[:MAX_REASON],
    )


def _seconds(moment: datetime | None) -> float | None:
    return round(moment.timestamp(), 3) if moment else None

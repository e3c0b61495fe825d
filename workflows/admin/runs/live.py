"""What an open page of a run asks for again and again: the graph once, then what has changed."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from workflows.insight.durations import usual_seconds
from workflows.models import Event, Task, TaskDependency, WorkflowRun

MOST_EVENTS = 20
"""Of those since the last poll, the latest are sent; the list of events has all of them."""
LONGEST_REASON = 200

COLUMNS = (
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
)
Row = list[Any]
"""`[id, state, flags, attempts, dispatched, started, finished]`, see run/model.js."""


def latest_event(run_id: int) -> int | None:
    """Return the id of the latest event of a run, None if there is no such run; one index look-up.

    The events of a run are written under its lock: who knows the latest one has missed none.
    """
    found = Event.objects.filter(run=run_id).order_by("-pk").values_list("pk", flat=True)
    return found.first()


def graph_of(run: WorkflowRun) -> dict[str, Any]:
    """Return all tasks and edges of a run, short; edges by the places of their tasks."""
    tasks = Task.objects.filter(run=run).order_by("position")
    named = list(tasks.values_list("step_id", "title", *COLUMNS))
    places = {pk: place for place, (_, _, pk, *_rest) in enumerate(named)}
    edges = TaskDependency.objects.filter(task__run=run).values_list("depends_on_id", "task_id")
    usual = usual_seconds(run)
    return {
        "tasks": [[name or f"task {row[0]}", title, *_short(row)] for name, title, *row in named],
        "edges": [(places[upstream], places[task]) for upstream, task in edges.order_by("pk")],
        "usual": [usual.get(name or "") for name, *_rest in named] if usual else [],
        "started": _seconds(run.started_at),
    }


def changed_tasks(run_id: int, after: int) -> list[Row]:
    """Return the tasks that something happened to since an event."""
    since = _since(run_id, after).exclude(task=None).values("task")
    rows = Task.objects.filter(run=run_id, pk__in=since).values_list(*COLUMNS)
    return [_short(row) for row in rows]


def new_events(run_id: int, after: int) -> Iterator[Row]:
    """Yield the latest events since one, oldest first: id, time, type, task, actor, reason."""
    rows = (
        _since(run_id, after)
        .order_by("-pk")
        .values_list("pk", "created_at", "event_type", "task_id", "actor", "reason")
    )
    for pk, created_at, *rest, reason in reversed(rows[:MOST_EVENTS]):
        yield [pk, created_at.isoformat(), *rest, reason[:LONGEST_REASON]]


def _since(run_id: int, after: int) -> QuerySet[Event]:
    return Event.objects.filter(run=run_id, pk__gt=after)


def _short(row: Iterable[Any]) -> Row:
    pk, state, held, awaited, by_hand, cancel, attempts, *times = row
    flags = zip("hamc", (held, awaited, by_hand, cancel), strict=True)
    return [pk, state, "".join(f for f, is_on in flags if is_on), attempts, *map(_seconds, times)]


def _seconds(moment: datetime | None) -> float | None:
    return round(moment.timestamp(), 3) if moment else None

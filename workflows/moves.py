"""
Sets of tasks move along one arrow.

This is the only way in which a task changes its state. One task is a set of one, and a set costs
a constant number of statements (one more per batch): the guarded UPDATE, the counters of what waits
downstream, the events. The caller holds the lock of the run and stores the run afterwards.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Count, F, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django_fsm import ConcurrentTransition

from workflows.events import Arrow, ends, event_of
from workflows.models import Event, Task, TaskDependency, TaskState, WorkflowRun

BATCH = 5_000
"""Rows in one statement: below the number of parameters that either database takes."""


def move(
    run: WorkflowRun | None,
    tasks: Sequence[Task],
    arrow: Arrow,
    *,
    by: str,
    reason: str = "",
    event_type: str = "",
    payloads: Mapping[int, dict[str, Any]] | None = None,
    **columns: Any,
) -> None:
    """
    Move tasks of one run along an arrow, with one event each; `columns` are set on the way.

    :param payloads: what the event of a task says besides, by task id.
    :raises ConcurrentTransition: if a task is not where the caller read it; nothing is kept then.
    """
    sources, target = ends(arrow)
    for batch in batches(tasks):
        _update(batch, sources, target, columns)
        if target == TaskState.SUCCESS:
            _let_wait_for_more(batch, -1)
        elif undone := [task for task in batch if task.state == TaskState.SUCCESS]:
            _let_wait_for_more(undone, +1)
        _record(run, batch, event_type or event_of(arrow), by, reason, payloads or {})
    _count(run, tasks, target)
    for task in tasks:
        task.state = target


def batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut rows into pieces that fit one statement."""
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _update(
    tasks: Sequence[Task], sources: list[str], target: str, columns: dict[str, Any]
) -> None:
    # The guard is the arrow itself: without the run's lock, one of two racing callers loses here.
    stayed = Task.objects.filter(pk__in=[task.pk for task in tasks], state__in=sources)
    if stayed.update(state=target, **columns) != len(tasks):
        raise ConcurrentTransition(f"not every task could become {target}")


def _let_wait_for_more(tasks: Sequence[Task], change: int) -> None:
    """Count the moved tasks in what waits directly for them."""
    edges = TaskDependency.objects.filter(depends_on__in=[task.pk for task in tasks])
    moved = edges.filter(task=OuterRef("pk")).order_by().values("task").annotate(n=Count("pk"))
    Task.objects.filter(pk__in=edges.values("task")).update(
        unmet_count=F("unmet_count")
        + change * Coalesce(Subquery(moved.values("n"), IntegerField()), 0)
    )


def _record(
    run: WorkflowRun | None,
    tasks: Sequence[Task],
    event_type: str,
    by: str,
    reason: str,
    payloads: Mapping[int, dict[str, Any]],
) -> None:
    Event.objects.bulk_create(
        Event(
            event_type=event_type,
            run=run,
            task=task,
            actor=by,
            reason=reason,
            payload=payloads.get(task.pk, {}),
        )
        for task in tasks
    )


def _count(run: WorkflowRun | None, tasks: Sequence[Task], target: str) -> None:
    if run:
        for source, n in Counter(task.state for task in tasks).items():
            run.count_moved(source, target, n)

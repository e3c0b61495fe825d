"""
Deletes the rows of runs that are removed, from the leaves to the run, a few at a time.

Each step is a transaction of its own, which holds the lock of one run that nobody sees any more.
Wherever it is interrupted, the next step goes on: what is left is found by the run's row, which
goes last.
"""

from collections.abc import Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, OuterRef, QuerySet

from workflows.db.statements import PLANNER_SETTINGS, execute
from workflows.models import (
    Approval,
    Event,
    LogPiece,
    RunRecord,
    Task,
    TaskAttempt,
    TaskDependency,
    WorkflowRun,
)

MOST_TASKS = 250
"""So many tasks are deleted in one step, with all that refers to them."""
MOST_EVENTS = 2_000
"""So many events of the run itself in one step."""
MOST_PIECES = 500
"""So many pieces of logs in one step: each may have 32,000 characters."""

OF_TASKS: list[tuple[type[models.Model], Sequence[str]]] = [
    (Event, ["task"]),
    (Approval, ["task"]),
    (TaskAttempt, ["task"]),
    (TaskDependency, ["task", "depends_on"]),
]
"""The tables with references to tasks, and their columns, in the order of their deletion."""
OF_RUNS: list[tuple[type[models.Model], str]] = []
"""The tables of other apps with references to runs, and their columns."""


def delete_with_run(model: type[models.Model], column: str) -> None:
    """Have rows of another app deleted with the run that a column refers to; for its `ready()`."""
    OF_RUNS.append((model, column))


def delete_some_rows() -> tuple[int, int] | None:
    """
    Delete some rows of a run that is being removed.

    :returns: how many tasks, and how many runs; None if there is no such run, or none that is free.
    """
    with transaction.atomic():
        run = _lock_a_run()
        if run is None:
            return None
        plan_by_index()
        if delete_log_pieces(run.pk) or _delete_events(run.pk):
            return 0, 0
        if tasks := _delete_tasks(run.pk):
            return tasks, 0
        for model, column in OF_RUNS:
            _delete(model._base_manager.filter(**{column: run.pk}))
        _delete(WorkflowRun.objects_with_removed.filter(pk=run.pk))
        return 0, 1


def _lock_a_run() -> WorkflowRun | None:
    """Lock a run that is being removed, as its record says, too: the row alone is no reason."""
    is_removed = RunRecord.objects.filter(pk=OuterRef("pk"), removed_at__isnull=False)
    runs = WorkflowRun.objects_with_removed.filter(Exists(is_removed), removed_at__isnull=False)
    return runs.select_for_update(skip_locked=True).only("pk").order_by("removed_at", "pk").first()


def delete_log_pieces(run_id: int) -> int:
    """Delete some pieces of the logs of a run; return how many."""
    pieces = LogPiece.objects.filter(attempt__task__run=run_id).order_by()
    return _delete_some(pieces, MOST_PIECES)


def _delete_events(run_id: int) -> int:
    """Delete events of the run itself; those of its tasks go with the tasks."""
    return _delete_some(Event.objects.filter(run=run_id, task=None).order_by(), MOST_EVENTS)


def _delete_tasks(run_id: int) -> int:
    tasks = list(Task.objects.filter(run=run_id).order_by("position")[:MOST_TASKS].values("pk"))
    pks = [task["pk"] for task in tasks]
    for model, columns in OF_TASKS if pks else ():
        for column in columns:
            _delete(model._base_manager.filter(**{f"{column}__in": pks}))
    _delete(Task.objects.filter(pk__in=pks))
    return len(pks)


def _delete_some(rows: QuerySet[Any], most: int) -> int:
    return _delete(rows.model._base_manager.filter(pk__in=rows.values("pk")[:most]))


def _delete(rows: QuerySet[Any]) -> int:
    """Delete rows by one statement: nothing is read, and there is nothing left to cascade to."""
    return int(rows.order_by()._raw_delete(rows.db) or 0)


def plan_by_index() -> None:
    """Have this transaction read by index: what is deleted is little of a large table."""
    if transaction.get_connection().vendor == "postgresql":
        execute(PLANNER_SETTINGS)

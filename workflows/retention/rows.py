"""
Deletes the rows of runs that are removed, from the leaves to the run, a few at a time.

Each step is a transaction of its own, which holds the locks of runs that nobody sees any more.
Wherever it is interrupted, the next step goes on: what is left is found by the row of its run,
which goes last.
"""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, QuerySet

from runners import transaction
from runners.database import connection
from workflows.db.statements import PLANNER_SETTINGS, execute
from workflows.models import (
    Approval,
    Event,
    LogPiece,
    RunLabel,
    RunRecord,
    Task,
    TaskAttempt,
    TaskDependency,
    WorkflowRun,
)

MOST_RUNS = 25
"""So many runs are looked at in one step."""
MOST_TASKS = 250
"""So many of their tasks are deleted in one step, with all that refers to them."""
MOST_EVENTS = 2_000
"""So many events of the runs themselves in one step."""
MOST_PIECES = 500
"""So many pieces of logs in one step: each may have 32,000 characters."""

OF_TASKS: list[tuple[type[models.Model], Sequence[str]]] = [
    (Event, ["task"]),
    (Approval, ["task"]),
    (TaskAttempt, ["task"]),
    (TaskDependency, ["task", "depends_on"]),
]
"""The tables with references to tasks, and their columns, in the order of their deletion."""
OF_RUNS: list[tuple[type[models.Model], str]] = [(RunLabel, "run")]
"""The tables with references to runs alone, also those of other apps, and their columns."""


def delete_with_run(model: type[models.Model], column: str) -> None:
    """Have rows of another app deleted with the run that a column refers to; for its `ready()`."""
    OF_RUNS.append((model, column))


def delete_some_rows() -> int | None:
    """
    Delete some rows of runs that are being removed.

    :returns: how many tasks; None if there is no such run, or none that is free.
    """
    with transaction.atomic():
        runs = _lock_some_runs()
        if not runs:
            return None
        plan_by_index()
        if delete_log_pieces(runs) == MOST_PIECES or _delete_events(runs) == MOST_EVENTS:
            return 0
        tasks = _delete_tasks(runs)
        if tasks < MOST_TASKS:
            for model, column in OF_RUNS:
                _delete(model._base_manager.filter(**{f"{column}__in": runs}))
            _delete(WorkflowRun.objects_with_removed.filter(pk__in=runs))
        return tasks


def _lock_some_runs() -> list[int]:
    """Lock runs that are being removed, as their records say, too: their rows are no reason."""
    is_removed = RunRecord.objects.filter(pk=OuterRef("pk"), removed_at__isnull=False)
    runs = WorkflowRun.objects_with_removed.filter(Exists(is_removed), removed_at__isnull=False)
    locked = runs.select_for_update(skip_locked=True).order_by("removed_at", "pk")
    return list(locked.values_list("pk", flat=True)[:MOST_RUNS])


def delete_log_pieces(runs: Sequence[int]) -> int:
    """Delete some pieces of the logs of runs; return how many."""
    pieces = LogPiece.objects.filter(attempt__task__run__in=runs).order_by()
    return _delete_some(pieces, MOST_PIECES)


def _delete_events(runs: Sequence[int]) -> int:
    """Delete events of the runs themselves; those of tasks go with the tasks."""
    return _delete_some(Event.objects.filter(run__in=runs, task=None).order_by(), MOST_EVENTS)


def _delete_tasks(runs: Sequence[int]) -> int:
    tasks = Task.objects.filter(run__in=runs).order_by("run", "position")
    pks = list(tasks.values_list("pk", flat=True)[:MOST_TASKS])
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
    if connection.vendor == "postgresql":
        execute(PLANNER_SETTINGS)

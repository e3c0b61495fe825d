"""Writes events of a run for those who do not hold its lock."""

from typing import Any

from runners import transaction
from workflows.models import Event, Task
from workflows.runs.events import record
from workflows.runs.locks import lock_run
from workflows.runs.trail import save_trail


@transaction.atomic
def record_alone(
    event_type: str, *, run_id: int | None = None, task: Task | None = None, **columns: Any
) -> Event:
    """
    Lock a run, write one event of it, and store the run; otherwise as `record`.

    :param run_id: the run, if the event is about none of its tasks.
    """
    of = task.run_id if task else run_id
    run = lock_run(of) if of else None
    event = record(event_type, run=run, task=task, **columns)
    if run:
        save_trail(run)
    return event

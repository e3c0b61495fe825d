"""
Counts the callbacks with wrong tokens, without letting strangers write or lock at will.

An address may be refused sixty times a minute before it is told to wait, and is no longer counted.
The refusals of a task are one event in each hour. Its count is exact up to 99; then the event is
written with every tenth refusal, with every hundredth from 1,000 on, and so forth, so that any
number of addresses writes it a few hundred times. No row of the task or of its run is locked.

For a task that does not exist, the same statements are executed: they find no row to write.
"""

from datetime import timedelta

from django.utils import timezone

from runners import transaction
from workflows.db.inserts import InsertSelect
from workflows.db.statements import execute
from workflows.models import Event, EventType, Task, WorkflowRun
from workflows.throttles import Limit

STRANGER = "the token belongs to no attempt of this task"
MISSING = "no token was sent; send the one that came with the task in the header X-Runner-Token"
OF_ADDRESS = Limit("refused token from address", timedelta(minutes=1), most=60)
OF_TASK = Limit("refused token of task", timedelta(hours=1), is_exact=True)
SHARED = 64
"""How many counters all the tasks share that do not exist."""

REFUSED = EventType.TASK_REPORT_REFUSED.value
EVENTS, TASKS = Event._meta.db_table, Task._meta.db_table
# Retention deletes the rows of removed runs: an event that refers to one fails, or waits crosswise.
IS_REMOVED = f"""
    EXISTS (SELECT 1 FROM {WorkflowRun._meta.db_table} AS run
             WHERE run.id = task.run_id AND run.removed_at IS NOT NULL)
"""
RECORD = InsertSelect(
    Event,
    {
        "event_type": "%(event_type)s",
        "run_id": "task.run_id",
        "task_id": "task.id",
        "reason": "%(reason)s",
        "payload": "%(payload)s::jsonb",
        "created_at": "%(now)s",
    },
    f"{TASKS} AS task WHERE task.id = %(task)s AND NOT {IS_REMOVED}",
)
COUNT_UP = f"UPDATE {EVENTS} SET payload = %(payload)s::jsonb WHERE id = %(event)s"


def count_refused_token(task_id: int, address: str) -> None:
    """
    Count a callback that had no token of its task; the task may not exist.

    :raises Throttled: if there were too many from this address.
    """
    OF_ADDRESS.count(address)
    is_known = Task.objects.filter(pk=task_id).exists()
    key = task_id if is_known else f"none, {task_id % SHARED}"
    with transaction.atomic():
        count = OF_TASK.count(key)  # the lock under which the event is written
        event = _latest_event(task_id)
        if is_known and not event and count > 1:
            count = OF_TASK.begin_anew(key)
        _write(task_id, event, count)


def _latest_event(task_id: int) -> int | None:
    since = timezone.now() - OF_TASK.within
    same = Event.objects.filter(event_type=REFUSED, reason=STRANGER, created_at__gte=since)
    return same.filter(task=task_id).order_by("-id").values_list("pk", flat=True).first()


def _write(task_id: int, event: int | None, count: int) -> None:
    payload = f'{{"count": {count}}}'
    if count == 1:
        known = {"task": task_id, "event_type": REFUSED, "reason": STRANGER}
        execute(RECORD.statement, **RECORD.values(**known, payload=payload, now=timezone.now()))
    elif count % 10 ** max(0, len(str(count)) - 2) == 0:
        execute(COUNT_UP, event=event, payload=payload)

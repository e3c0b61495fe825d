"""The row of a schedule is the lock of its occurrences: whoever adds or decides one holds it."""

from workflow_triggers.models import Schedule
from workflows.db.time_limits import locking
from workflows.errors import NotFound
from workflows.models import WorkflowTemplate
from workflows.runs.locks import LARGEST_ID


def lock_schedule(schedule_id: int) -> Schedule:
    """
    Lock a schedule until the transaction ends, and return it as it is then.

    Its template first, as whoever saves that together with its schedules does.

    :raises NotFound: if there is no such schedule.
    :raises Busy: if somebody else holds the lock for long.
    """
    if abs(schedule_id) > LARGEST_ID:
        raise NotFound("schedule", schedule_id)
    templates = WorkflowTemplate.objects.select_for_update(of=("self",), no_key=True)
    rows = Schedule.objects.select_for_update(of=("self",)).select_related("template")
    try:
        with locking("schedule", schedule_id):
            list(templates.filter(schedules=schedule_id).values_list("pk"))
            return rows.get(pk=schedule_id)
    except Schedule.DoesNotExist:
        raise NotFound("schedule", schedule_id) from None

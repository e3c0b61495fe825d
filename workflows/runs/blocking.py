"""
What a pending task waits for is counted in its `unmet_count`, which changes only here.

Counted are the upstream tasks that are not success, an approval that is not given, and a hold: the
task is ready at 0. The tasks of a new run are counted when they are stored (expansion.py). The
caller holds the lock of the run.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import F

from workflows.db.statements import Sql, execute
from workflows.models import Task, TaskDependency

UNBLOCKED: dict[str, Any] = {"unmet_count": Sql("unmet_count - 1")}
"""What `unblock` does, as columns of a transition."""

TASK = Task._meta.db_table
COUNT_DOWNSTREAM = f"""
    UPDATE {TASK} SET unmet_count = unmet_count + %(change)s * upstream.n
      FROM (SELECT task_id, count(*) AS n FROM {TaskDependency._meta.db_table}
             WHERE depends_on_id = ANY(%(tasks)s) GROUP BY task_id) AS upstream
     WHERE {TASK}.id = upstream.task_id
"""


def block(tasks: Sequence[Task], **columns: Any) -> None:
    """Let tasks wait for one thing more each, and set other columns of them."""
    blocked = Task.objects.filter(pk__in=[task.pk for task in tasks])
    blocked.update(unmet_count=F("unmet_count") + 1, **columns)


def unblock(task: Task, **columns: Any) -> None:
    """Let a task wait for one thing less, and set other columns of it."""
    Task.objects.filter(pk=task.pk).update(unmet_count=F("unmet_count") - 1, **columns)


def block_downstream(task_ids: Sequence[int]) -> None:
    """Let what depends directly on these tasks wait for them: they are no longer success."""
    execute(COUNT_DOWNSTREAM, tasks=task_ids, change=+1)


def unblock_downstream(task_ids: Sequence[int]) -> None:
    """Let what depends directly on these tasks wait for them no more: they are success now."""
    execute(COUNT_DOWNSTREAM, tasks=task_ids, change=-1)

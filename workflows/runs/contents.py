"""Which tasks and labels runs have, and how often the tasks were retried."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from workflows.db.statements import select
from workflows.models import RunLabel, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.attempt import Outcome

TABLES = {
    "run": WorkflowRun._meta.db_table,
    "task": Task._meta.db_table,
    "label": RunLabel._meta.db_table,
}
# Arrays for each run, as one text: one row for each task takes twice as long.
TASKS = """
    SELECT run.id, (
               SELECT '[' || COALESCE(json_agg(id)::text, '[]') || ',' || COALESCE((
                          json_agg(id) FILTER (WHERE is_again)
                      )::text, '[]') || ']'
                 FROM (SELECT id, attempt_count > 1 OR attempt_count = 1 AND state = 'pending'
                              AS is_again
                         FROM {task} WHERE run_id = run.id ORDER BY position) AS task
           ), (
               SELECT json_agg(json_build_array(key, value))::text
                 FROM {label} label WHERE label.run_id = run.id
           )
      FROM {run} run
     WHERE run.id = ANY(%(runs)s)
""".format(**TABLES)


@dataclass(frozen=True, slots=True)
class Contents:
    """The tasks of a run, in list order, and its labels."""

    task_ids: list[int]
    retries: Mapping[int, int]
    """How often each of its retried tasks was retried."""
    labels: Mapping[str, str]

    def retry_summary(self) -> dict[str, Any]:
        """Return the retries as the API answers with them."""
        total = sum(self.retries.values())
        return {"total_retries": total, "retried_task_ids": list(self.retries)}


def contents_of(run_ids: Sequence[int]) -> dict[int, Contents]:
    """Return what runs have, by run id; one statement, and another where tasks were retried."""
    found = {
        run: (*json.loads(tasks), dict(sorted(json.loads(labels or "[]"))))
        for run, tasks, labels in select(TASKS, runs=list(run_ids))
    }
    retries = _retries([pk for _, again, _ in found.values() for pk in again])
    return {
        run: Contents(ids, {pk: retries[pk] for pk in again if retries.get(pk)}, labels)
        for run, (ids, again, labels) in found.items()
    }


def _retries(task_ids: Sequence[int]) -> dict[int, int]:
    """
    Return how often tasks were retried.

    Each attempt but the first is one, unless its runner refused it; so is a task that is pending
    after an attempt, since its next one is still to come.
    """
    if not task_ids:
        return {}
    attempts = TaskAttempt.objects.filter(task__in=task_ids).exclude(outcome=Outcome.REFUSED)
    counts = attempts.order_by().values_list("task", "task__state").annotate(n=Count("pk"))
    return {task: n - (state != TaskState.PENDING) for task, state, n in counts}

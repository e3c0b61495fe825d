"""How long runs and their steps took, and usually take; `phrases.py` has the words."""

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import TypeVar

from django.utils import timezone

from workflows.db.statements import select
from workflows.models import RunRecord, Task, TaskState, WorkflowRun, WorkflowTemplate

LATEST = 20
"""The usual duration is the median of so many latest successes."""
FEWEST = 5
"""With fewer successes, nothing is usual."""
MOST_READ = 300
"""So many of the latest runs of a template are looked through for its successes."""
MOST_TASKS = 20_000
"""How many tasks are read at most for the steps of a template."""
SLOW = 1.5
"""From so many times the usual duration, something is slow."""

Key = TypeVar("Key")

TABLES = {
    "template": WorkflowTemplate._meta.db_table,
    "run": WorkflowRun._meta.db_table,
    "record": RunRecord._meta.db_table,
    "task": Task._meta.db_table,
}
# Runs of which the template is only a label have no version, and do not count. Those that were
# removed have left their duration. The number of rows that are looked through has a bound, so that
# a template which has failed for months costs no more than others.
SUCCESSES = """
    SELECT template.id, (
               SELECT json_agg(json_build_array(
                          id, EXTRACT(EPOCH FROM ended) - EXTRACT(EPOCH FROM began)))::text
                 FROM (SELECT id, ended, began
                         FROM (SELECT id, state, template_version, finished_at AS ended,
                                      COALESCE(reopened_at, started_at) AS began
                                 FROM {run} run
                                WHERE run.template_id = template.id AND run.removed_at IS NULL
                                ORDER BY run.id DESC LIMIT %(most)s) AS latest
                        WHERE state = 'success' AND template_version IS NOT NULL
                        LIMIT %(wanted)s) AS success
           ), (
               SELECT json_agg(json_build_array(run_id, duration_ms / 1000.0))::text
                 FROM (SELECT run_id, duration_ms
                         FROM (SELECT run_id, duration_ms, state, template_version
                                 FROM {record} record
                                WHERE record.template_id = template.id
                                  AND record.removed_at IS NOT NULL
                                ORDER BY record.run_id DESC LIMIT %(most)s) AS latest
                        WHERE state = 'success' AND template_version IS NOT NULL
                        LIMIT %(wanted)s) AS success
           )
      FROM {template} template
     WHERE template.id = ANY(%(templates)s)
""".format(**TABLES)
STEPS = """
    SELECT step_id,
           json_agg(EXTRACT(EPOCH FROM finished_at) - EXTRACT(EPOCH FROM started_at))::text
      FROM (SELECT task.step_id, task.started_at, task.finished_at
              FROM (SELECT run.id FROM {run} run
                     WHERE run.template_id = %(template)s AND run.removed_at IS NULL
                       AND run.id < %(before)s AND run.finished_at IS NOT NULL
                       AND run.template_version IS NOT NULL
                     ORDER BY run.id DESC LIMIT %(runs)s) AS latest
              JOIN {task} task ON task.run_id = latest.id
             WHERE task.state = 'success' AND NOT task.is_marked_success
               AND task.step_id IS NOT NULL AND task.started_at IS NOT NULL
             ORDER BY latest.id DESC LIMIT %(most)s) AS success
     GROUP BY step_id
""".format(**TABLES)


def usual_of_runs(template_ids: Collection[int]) -> dict[int, float]:
    """
    Return, by template id, how many seconds its runs usually take; one statement.

    The median of the latest successes, those that were removed too. A template with fewer than
    `FEWEST` is absent.
    """
    return _usual(latest_seconds(template_ids))


def latest_seconds(template_ids: Collection[int]) -> dict[int, list[float]]:
    """Return, by template id, how many seconds its latest successful runs took, newest first."""
    if not template_ids:
        return {}
    given = {"templates": list(template_ids), "most": MOST_READ, "wanted": LATEST}
    found = {}
    for template_id, *both in select(SUCCESSES, **given):
        runs = sorted((pair for part in both for pair in json.loads(part or "[]")), reverse=True)
        seconds = [seconds for _, seconds in runs[:LATEST] if seconds is not None]
        found[template_id] = seconds
    return found


def usual_seconds(run: WorkflowRun) -> dict[str, float]:
    """
    Return, by step id, how many seconds a step usually runs, without waiting; one statement.

    The median of its successes among the latest runs of the template that ended before this one.
    """
    return usual_of_steps(run.template_id, before=run.pk) if run.template_id else {}


def usual_of_steps(template_id: int, *, before: int = sys.maxsize) -> dict[str, float]:
    """Return the same from the latest runs of a template, before the run of this number."""
    given = {"template": template_id, "before": before, "runs": LATEST, "most": MOST_TASKS}
    return _usual({step_id: json.loads(text) for step_id, text in select(STEPS, **given)})


def usual_of_step(task: Task) -> float | None:
    """Return the same of one step, before the run of this task; None if nothing is usual."""
    if not (task.run_id and task.run and task.run.template_id and task.step_id):
        return None
    runs = WorkflowRun.objects.filter(template=task.run.template_id, template_version__isnull=False)
    earlier = runs.filter(pk__lt=task.run_id, finished_at__isnull=False).order_by("-pk")
    successes = Task.objects.filter(
        run__in=earlier.values("pk")[:LATEST],
        step_id=task.step_id,
        state=TaskState.SUCCESS,
        is_marked_success=False,
        started_at__isnull=False,
    )
    times = successes.order_by().values_list("started_at", "finished_at")
    return usual_of([seconds_between(*each) or 0 for each in times])


def usual_of(seconds: Sequence[float]) -> float | None:
    """Return the median; None if there are too few for anything to be usual."""
    return median(seconds) if len(seconds) >= FEWEST else None


def _usual(seconds: Mapping[Key, Sequence[float]]) -> dict[Key, float]:
    usual = ((key, usual_of(found)) for key, found in seconds.items())
    return {key: found for key, found in usual if found is not None}


def is_slow(seconds: float | None, usual: float | None) -> bool:
    """Return True if something took much longer than usual."""
    return bool(seconds and usual and seconds >= SLOW * usual)


def seconds_of_run(run: WorkflowRun) -> float | None:
    """Return how long a run took from its latest start, or has taken until now."""
    return seconds_between(run.reopened_at or run.started_at, run.finished_at)


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """Return the seconds from a start to an end, or until now; None before the start."""
    return None if start is None else max(0.0, ((end or timezone.now()) - start).total_seconds())

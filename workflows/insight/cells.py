"""The steps of several runs: which task each was, how it went, and how long it took."""

import json
from collections.abc import Collection
from typing import NamedTuple

from workflows.db.statements import select
from workflows.insight.durations import TABLES
from workflows.models import TaskAttempt, TaskState

# One text for each run: a row for each task would take twice as long. An attempt that its runner
# refused is no retry.
CELLS = """
    SELECT run.id, (
               SELECT json_agg(json_build_array(
                          step_id, id, state, attempts, seconds, by_hand, waits))::text
                 FROM (SELECT task.step_id, task.id, task.state,
                              EXTRACT(EPOCH FROM task.finished_at)
                              - EXTRACT(EPOCH FROM task.started_at) AS seconds,
                              CASE WHEN task.is_marked_success THEN 1 ELSE 0 END AS by_hand,
                              CASE WHEN task.awaits_approval THEN 1 ELSE 0 END AS waits,
                              CASE WHEN task.attempt_count < 2 THEN task.attempt_count ELSE (
                                  SELECT COUNT(*) FROM {attempt} attempt
                                   WHERE attempt.task_id = task.id AND attempt.outcome <> 'refused'
                              ) END AS attempts
                         FROM {task} task
                        WHERE task.run_id = run.id AND task.step_id IS NOT NULL
                        ORDER BY task.position) AS cell
           )
      FROM {run} run
     WHERE run.id = ANY(%(runs)s) AND run.removed_at IS NULL
""".format(attempt=TaskAttempt._meta.db_table, **TABLES)


class Cell(NamedTuple):
    """One step of one run."""

    step_id: str
    task_id: int
    state: str
    attempts: int
    """Without those that their runners refused."""
    seconds: float | None
    """How long it ran; None unless it has ended."""
    is_by_hand: bool
    awaits_approval: bool

    def kind(self, *, has_ended: bool) -> str:
        """
        Return its state as pictures tell it: also `retried`, `by-hand`, `approval`, `idle`.

        :param has_ended: its run, so that what is pending did not run.
        """
        if self.state == TaskState.SUCCESS:
            return "by-hand" if self.is_by_hand else "retried" if self.attempts > 1 else "success"
        if self.state != TaskState.PENDING:
            return self.state
        return "idle" if has_ended else "approval" if self.awaits_approval else "pending"


def cells_of(run_ids: Collection[int]) -> dict[int, dict[str, Cell]]:
    """Return the steps of these runs by run and step id, in their order; one statement."""
    if not run_ids:
        return {}
    return {
        run_id: {row[0]: Cell(*row) for row in json.loads(text or "[]")}
        for run_id, text in select(CELLS, runs=list(run_ids))
    }

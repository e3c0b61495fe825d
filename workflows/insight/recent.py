"""The latest runs of templates and how they went, for lists, charts and figures."""

import json
import time
from collections.abc import Collection, Sequence
from typing import NamedTuple

from workflows.db.statements import select
from workflows.insight.durations import MOST_READ, SLOW, TABLES
from workflows.models import RunState

LATELY = 5
"""So many of the latest successes are held against the usual duration."""
NOTICEABLE = 1.15
"""From so many times the usual duration on, runs are called slower lately."""
EACH = "json_build_array(id, state, EXTRACT(EPOCH FROM began), EXTRACT(EPOCH FROM ended), version)"
# Of runs that were removed, too: their records have what a bar of a chart needs.
RUNS = """
    SELECT template.id, (
               SELECT json_agg({each})::text
                 FROM (SELECT id, state, began, ended, version
                         FROM (SELECT id, state, finished_at AS ended,
                                      COALESCE(reopened_at, started_at, created_at) AS began,
                                      template_version AS version
                                 FROM {run} run
                                WHERE run.template_id = template.id AND run.removed_at IS NULL
                                ORDER BY run.id DESC LIMIT %(most)s) AS latest
                        WHERE version IS NOT NULL LIMIT %(wanted)s) AS run
           ), (
               SELECT json_agg(json_build_array(
                          id, state, EXTRACT(EPOCH FROM ended) - duration_ms / 1000.0,
                          EXTRACT(EPOCH FROM ended), version))::text
                 FROM (SELECT run_id AS id, state, ended_at AS ended, duration_ms,
                              template_version AS version
                         FROM {record} record
                        WHERE record.template_id = template.id AND record.removed_at IS NOT NULL
                          AND record.template_version IS NOT NULL
                        ORDER BY record.run_id DESC LIMIT %(wanted)s) AS removed
           )
      FROM {template} template
     WHERE template.id = ANY(%(templates)s)
""".format(each=EACH, **TABLES)
ENDED = (RunState.SUCCESS, RunState.FAILED, RunState.ABORTED)


class RecentRun(NamedTuple):
    """How one run went; moments in seconds since 1970."""

    id: int
    state: str
    began: float | None
    ended: float | None
    version: int | None
    is_removed: bool = False

    @property
    def seconds(self) -> float | None:
        """How long it took from its latest start, or has taken until now."""
        if self.began is None or self.state == RunState.CREATED:
            return None
        return max(0.0, (self.ended or time.time()) - self.began)


def recent_runs(template_ids: Collection[int], most: int) -> dict[int, list[RecentRun]]:
    """Return the latest runs of each template, the oldest first; one statement."""
    if not template_ids:
        return {}
    given = {"templates": list(template_ids), "wanted": most, "most": max(most, MOST_READ)}
    return {
        template_id: sorted([*_runs(live, is_removed=False), *_runs(removed, is_removed=True)])[
            -most:
        ]
        for template_id, live, removed in select(RUNS, **given)
    }


def _runs(text: str | None, *, is_removed: bool) -> list[RecentRun]:
    return [RecentRun._make([*row, is_removed]) for row in json.loads(text or "[]")]


def success_share(runs: Sequence[RecentRun]) -> float | None:
    """Return which share of the ended runs succeeded; None if none has ended."""
    ended = [run.state for run in runs if run.state in ENDED]
    return ended.count(RunState.SUCCESS) / len(ended) if ended else None


class Lately(NamedTuple):
    """How the latest successes compare with the usual duration."""

    factor: float
    outlier: RecentRun | None
    """The slowest of them, if it was much slower than usual."""

    @property
    def is_slower(self) -> bool:
        """Return True if runs take noticeably longer than usual."""
        return self.factor >= NOTICEABLE


def lately(runs: Sequence[RecentRun], usual: float | None) -> Lately | None:
    """Compare the latest successes with the usual duration; None if nothing is usual."""
    took = [(run.seconds, run) for run in runs if run.state == RunState.SUCCESS][-LATELY:]
    known = sorted((seconds, run) for seconds, run in took if seconds is not None)
    if not known or not usual:
        return None
    slowest, run = known[-1]
    if slowest >= SLOW * usual:
        return Lately(slowest / usual, run)
    return Lately(known[len(known) // 2][0] / usual, None)

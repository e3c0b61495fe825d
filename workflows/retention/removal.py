"""
Removes runs: what stays of each is written first, sealed and chained; its rows are deleted then.

A run is gone for everybody from the moment that its line is written; its tasks and events, which
nothing can be done about any more, go one after the other. Should the process die before
its rows are deleted, the next round deletes them.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db.models import QuerySet
from django.utils import timezone

from runners import transaction
from workflows.db import failpoints
from workflows.db.refusals import is_refusal
from workflows.models import Event, EventType, LastLook, RunRecord, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.bulkhead import run_alone
from workflows.runs.events import chain, new_event
from workflows.runs.lines import LINE_COLUMNS, line_digest

RETENTION = "retention"
"""The name of the periodic work; its row is the lock of the chain of lines."""
MOST_RUNS = 50
"""So many runs get their lines in one transaction."""
MOST_TRIED = 1_000
"""So many are tried, one by one, if one of them fails."""


def mark_removed(runs: QuerySet[WorkflowRun], *, by: Actor, reason: str) -> int:
    """
    Write the lines of some of these runs, which are gone from then on; return of how many.

    What is wrong with one run keeps no other from being removed.

    :param runs: those that may be removed; the condition is checked again under their locks.
    """
    if not runs.exists():
        return 0
    try:
        return _mark(runs, MOST_RUNS, by=by, reason=reason)
    except Exception as exc:
        if is_refusal(exc):
            raise
    # Each alone: the one that fails is set aside, with what is wrong with it.
    marked = 0
    for pk in list(runs.values_list("pk", flat=True)[:MOST_TRIED]):
        mark = partial(_mark, runs.filter(pk=pk), 1, by, reason)
        marked += run_alone(pk, "its removal", mark) or 0
        if marked >= MOST_RUNS:
            break
    return marked


@transaction.atomic
def _mark(runs: QuerySet[WorkflowRun], most: int, by: Actor, reason: str) -> int:
    # One after the other: each line follows the one before.
    LastLook.objects.get_or_create(name=RETENTION)
    LastLook.objects.select_for_update().get(name=RETENTION)
    # Chosen under that lock: whoever has waited for another would find those gone that were due.
    found = runs.select_for_update(skip_locked=True).defer("last_dispatch")[:most]
    removed, now = sorted(found, key=lambda run: run.pk), timezone.now()
    if removed:
        _write_lines(removed, now, by=by, reason=reason)
        WorkflowRun.objects.filter(pk__in=[run.pk for run in removed]).update(removed_at=now)
        _record(removed, now, by=by, reason=reason)
    failpoints.point("retention.marked")
    return len(removed)


def _record(runs: Sequence[WorkflowRun], now: datetime, *, by: Actor, reason: str) -> None:
    """Write an event for each run, which belongs to none: those of the run go with it."""
    new = partial(
        new_event, EventType.RUN_REMOVED, run=None, task=None, by=by, reason=reason, at=now
    )
    events = [new(payload={"run_id": run.pk}) for run in runs]
    for event in events:
        chain(event, None)
    Event.objects.bulk_create(events)


def _write_lines(runs: Sequence[WorkflowRun], now: datetime, *, by: Actor, reason: str) -> None:
    last = RunRecord.objects.exclude(line_number=None).order_by("-line_number").first()
    first, digest = ((last.line_number or 0) + 1, last.line_digest) if last else (1, "")
    known = RunRecord.objects.in_bulk([run.pk for run in runs])
    lines = []
    for number, run in enumerate(runs, first):
        line = _line_of(run, known.get(run.pk))
        line.removed_at, line.removed_reason, line.line_number = now, reason, number
        line.removed_by, line.removed_via = by.name, by.via
        line.line_digest = digest = line_digest(digest, line)
        lines.append(line)
    columns = [name for name in (*LINE_COLUMNS, "line_digest") if name != "run_id"]
    RunRecord.objects.bulk_create(
        lines, update_conflicts=True, unique_fields=["run_id"], update_fields=columns
    )


def _line_of(run: WorkflowRun, known: RunRecord | None) -> RunRecord:
    """Return the line of a run; those of earlier releases have no record yet."""
    line = known or RunRecord(
        run_id=run.pk,
        created_at=run.created_at,
        state=run.state,
        ended_at=run.finished_at,
        task_counts=run.task_counts,
    )
    line.trail_head, line.trail_length = run.trail_head, run.trail_length
    line.template_id, line.template_name = run.template_id, run.template_name
    line.template_version, line.parameters = run.template_version, run.parameters
    line.initiated_by, line.created_by = run.initiated_by, run.creator.name
    line.created_by_user, line.created_by_via = run.creator.user, run.creator.via
    line.again_of = run.again_of
    line.trigger, line.started_at = run.trigger, run.started_at
    line.trial = run.trial_facts if run.is_trial else None
    line.duration_ms = None if run.duration_ms is None else max(0, run.duration_ms)
    return line

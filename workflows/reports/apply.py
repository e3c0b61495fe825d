"""Applies reports on attempts: stores them, changes the tasks, and advances the run."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from runners.models import Runner
from workflows.db import failpoints
from workflows.db.statements import Sql, execute, pipeline, prefetch_query, rows, select
from workflows.dispatch.auto_dispatch import advance_run, dispatch_waiting
from workflows.dispatch.claims import (
    NO_CLAIM,
    Claimed,
    ClaimRequest,
    claim_in_locked_run,
    store_starts,
)
from workflows.dispatch.runner_pool import ALL_RUNNERS, RunnerPool
from workflows.errors import NotFound, ReportRefused
from workflows.models import EventType, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.actor import Actor
from workflows.models.attempt import Outcome
from workflows.reports.report import TRANSITIONS, Report, ReportedTask
from workflows.runs.events import record
from workflows.runs.locks import lock_run
from workflows.runs.transitions import (
    RecordedTransition,
    batches,
    save_progress,
    transition_tasks_along,
)


def apply_report(report: Report, *, by: Actor) -> None:
    """
    Apply one report; a repeated identical one changes nothing.

    :raises NotFound: if there is no such attempt.
    :raises ReportRefused: if the attempt is outdated, or its task is in no state to become that.
    """
    found = select(RUN_OF_ATTEMPT, attempt=report.attempt_id.hex)
    if not found:
        raise NotFound("attempt", report.attempt_id)
    [(run_id,)] = found
    if refused := apply_reports(run_id, [report], by=by):
        raise ReportRefused(refused[report.attempt_id])


def apply_reports(run_id: int, reports: Sequence[Report], *, by: Actor) -> dict[UUID, str]:
    """
    Apply reports on attempts of one run, at most one report on each.

    The same transaction dispatches what became ready, if the run has auto-dispatch.

    :returns: why, for each attempt whose report was refused; each refusal leaves an event.
    """
    return _apply(run_id, reports, NO_CLAIM, by=by).refused


def apply_reports_and_claim(
    run_id: int, reports: Sequence[Report], request: ClaimRequest
) -> Claimed:
    """
    Apply the reports of an executor, and claim what it executes next in the same transaction.

    Refusals leave events; the executor can do nothing about them.
    """
    return _apply(run_id, reports, request, by=request.by).claimed


class _Applied(NamedTuple):
    refused: dict[UUID, str]
    claimed: Claimed


@transaction.atomic(savepoint=False)
@pipeline()
def _apply(run_id: int, reports: Sequence[Report], request: ClaimRequest, *, by: Actor) -> _Applied:
    ids = [report.attempt_id.hex for report in reports]
    prefetch_query(REPORTED_TASKS, attempts=ids)
    prefetch_query(ALL_RUNNERS)
    run = lock_run(run_id)
    tasks = _read_tasks(ids)
    refused = _refuse(run, tasks, reports, by=by)
    accepted = _accept(tasks, [each for each in reports if each.attempt_id not in refused])
    _store(run, accepted, by=by)
    failpoints.point("report.applied")
    claimed = _continue(run, accepted, request, by=by)
    return _Applied(refused, claimed)


def _read_tasks(attempt_ids: Sequence[str]) -> dict[UUID, ReportedTask]:
    found = select(REPORTED_TASKS, attempts=attempt_ids)
    return {UUID(str(attempt_id)): ReportedTask(*columns) for attempt_id, *columns in found}


def _refuse(
    run: WorkflowRun,
    tasks: Mapping[UUID, ReportedTask],
    reports: Sequence[Report],
    *,
    by: Actor,
) -> dict[UUID, str]:
    """Return why, for each report that cannot be applied, and record an event of it."""
    refused: dict[UUID, str] = {}
    for report in reports:
        task = tasks[report.attempt_id]
        if reason := task.objection_to(report):
            refused[report.attempt_id] = reason
            record(
                EventType.TASK_REPORT_REFUSED,
                run=run,
                task=Task(pk=task.pk),
                by=by,
                reason=reason,
                payload={**report.event_payload(), "status": report.status},
            )
    return refused


def _accept(
    tasks: Mapping[UUID, ReportedTask], reports: Sequence[Report]
) -> dict[ReportedTask, Report]:
    """Return the reports that say something new, by task."""
    pairs = ((tasks[report.attempt_id], report) for report in reports)
    return {task: report for task, report in pairs if task.status != report.status}


def _store(run: WorkflowRun, reports: Mapping[ReportedTask, Report], *, by: Actor) -> None:
    groups: dict[tuple[str, bool, str, bool], dict[ReportedTask, Report]] = defaultdict(dict)
    for task, report in reports.items():
        starts = report.started_at is not None and task.attempt_started_at is None
        groups[report.status, report.is_lost, report.reason, starts][task] = report
    for (status, is_lost, reason, starts), group in groups.items():
        if status == TaskState.RUNNING:
            ids = [report.attempt_id for report in group.values()]
            store_starts(run, list(group), ids, lease=None, by=by)
        else:
            event = EventType.TASK_LOST if is_lost else ""
            _store_ends(run, group, status, event=event, reason=reason, starts=starts, by=by)


def _store_ends(
    run: WorkflowRun,
    reports: Mapping[ReportedTask, Report],
    status: str,
    *,
    event: str,
    reason: str,
    starts: bool,
    by: Actor,
) -> None:
    """Move tasks to an end; if their attempts were not known to have started, start them first."""
    now = timezone.now()
    for batch in batches(list(reports.values())):
        execute(SET_ENDED, now=now, ends=rows(map(_end_row, batch)))
    attempt_ids = {task.pk: {"attempt_id": str(r.attempt_id)} for task, r in reports.items()}
    payloads = {task.pk: report.event_payload() for task, report in reports.items()}
    start = RecordedTransition(Task.start, attempt_ids)
    end = RecordedTransition(TRANSITIONS[status], payloads, event)
    transition_tasks_along(
        run,
        list(reports),
        [start, end] if starts else [end],
        by=by,
        reason=reason,
        **({"started_at": Sql(STARTED_AT_OF_ATTEMPT)} if starts else {}),
        finished_at=now,
    )


def _end_row(report: Report) -> dict[str, Any]:
    return {
        "id": report.attempt_id,
        "outcome": str(Outcome(report.status)),
        "exit_code": report.exit_code,
        "result": None if report.result is None else json.dumps(report.result),
        "message": report.message,
        "started_at": report.started_at,
        "may_still_run": report.may_still_run,
    }


def _continue(
    run: WorkflowRun,
    accepted: Mapping[ReportedTask, Report],
    request: ClaimRequest,
    *,
    by: Actor,
) -> Claimed:
    """Claim waiting attempts, dispatch and claim tasks that became ready, and store the run."""
    pool = RunnerPool(spares_resting=True)
    claimed = Claimed()
    if request.total and run.dispatched_count:
        claimed = claim_in_locked_run(run, request, pool)
    if accepted:
        created = advance_run(run, by=by, request=request.without(claimed), pool=pool)
        _offer_free_places(accepted, by=by)
        return claimed + created.claimed
    if claimed:
        save_progress(run)
    return claimed


def _offer_free_places(reports: Mapping[ReportedTask, Report], *, by: Actor) -> None:
    """After the commit, offer the places that ended attempts have left to other runs."""
    freed = {
        task.runner_id
        for task, report in reports.items()
        if report.status != TaskState.RUNNING and task.runner_id and task.capacity
    }
    if freed:
        transaction.on_commit(lambda: dispatch_waiting(freed, by=by))


# Queries

ATTEMPT = TaskAttempt._meta.db_table

REPORTED_TASKS = f"""
    SELECT attempt.id, attempt.number, attempt.outcome, attempt.started_at, attempt.may_still_run,
           task.id, task.state, task.attempt_count, runner.id, runner.capacity
      FROM {ATTEMPT} attempt
      JOIN {Task._meta.db_table} task ON task.id = attempt.task_id
      LEFT JOIN {Runner._meta.db_table} runner ON runner.id = attempt.runner_id
     WHERE attempt.id = ANY(%(attempts)s::uuid[])
"""
STARTED_AT_OF_ATTEMPT = f"""
    (SELECT started_at FROM {ATTEMPT}
      WHERE task_id = {Task._meta.db_table}.id AND number = {Task._meta.db_table}.attempt_count)
"""
RUN_OF_ATTEMPT = f"""
    SELECT task.run_id FROM {ATTEMPT} attempt JOIN {Task._meta.db_table} task
           ON task.id = attempt.task_id WHERE attempt.id = %(attempt)s::uuid
"""
SET_ENDED = f"""
    UPDATE {ATTEMPT}
       SET outcome = report.outcome, exit_code = report.exit_code, result = report.result::jsonb,
           message = report.message, finished_at = %(now)s, lease_expires_at = NULL,
           started_at = COALESCE({ATTEMPT}.started_at, report.started_at),
           may_still_run = report.may_still_run
      FROM jsonb_to_recordset(%(ends)s)
           AS report(id uuid, outcome text, exit_code integer, result text, message text,
                     started_at timestamptz, may_still_run boolean)
     WHERE {ATTEMPT}.id = report.id
"""

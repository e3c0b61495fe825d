"""Applies reports on attempts: stores them, changes the tasks, and advances the run."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from runners import transaction
from runners.models import Runner
from workflows.db import failpoints
from workflows.db.canonical import as_moment
from workflows.db.statements import pipeline, prefetch_query, select
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
from workflows.reports.ends import store_ends
from workflows.reports.report import Report, ReportedTask
from workflows.runs.events import record
from workflows.runs.locks import lock_run
from workflows.runs.trail import save_trail
from workflows.runs.transitions import save_progress


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
    run_id: int, reports: Sequence[Report], request: ClaimRequest, *, dispatches: bool = True
) -> Claimed:
    """
    Apply the reports of an executor, and claim what it executes next in the same transaction.

    Refusals leave events; the executor can do nothing about them.

    :param dispatches: False to leave alone what became ready.
    """
    return _apply(run_id, reports, request, by=request.by, dispatches=dispatches).claimed


class _Applied(NamedTuple):
    refused: dict[UUID, str]
    claimed: Claimed


@transaction.atomic(savepoint=False)
@pipeline()
def _apply(
    run_id: int,
    reports: Sequence[Report],
    request: ClaimRequest,
    *,
    by: Actor,
    dispatches: bool = True,
) -> _Applied:
    ids = [report.attempt_id.hex for report in reports]
    prefetch_query(REPORTED_TASKS, attempts=ids)
    prefetch_query(ALL_RUNNERS)
    run = lock_run(run_id)
    tasks = _read_tasks(ids)
    refused = _refuse(run, tasks, reports, by=by)
    accepted = _accept(tasks, [each for each in reports if each.attempt_id not in refused])
    _store(run, accepted, by=by)
    failpoints.point("report.applied")
    claimed = _continue(run, accepted, request, by=by, dispatches=dispatches)
    if refused and not (accepted or claimed):
        save_trail(run)
    return _Applied(refused, claimed)


def _read_tasks(attempt_ids: Sequence[str]) -> dict[UUID, ReportedTask]:
    found = select(REPORTED_TASKS, attempts=attempt_ids)
    return {
        UUID(str(pk)): ReportedTask(number, outcome, started and as_moment(started), *columns)
        for pk, number, outcome, started, *columns in found
    }


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
            store_ends(run, group, status, event=event, reason=reason, starts=starts, by=by)


def _continue(
    run: WorkflowRun,
    accepted: Mapping[ReportedTask, Report],
    request: ClaimRequest,
    *,
    by: Actor,
    dispatches: bool,
) -> Claimed:
    """Claim waiting attempts, dispatch and claim tasks that became ready, and store the run."""
    pool = RunnerPool(spares_resting=True)
    claimed = Claimed()
    if request.total and run.dispatched_count:
        claimed = claim_in_locked_run(run, request, pool)
    if accepted:
        rest = request.without(claimed)
        created = advance_run(run, by=by, request=rest, pool=pool, dispatches=dispatches)
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
        transaction.on_commit(lambda: dispatch_waiting(freed, by=by), robust=True)


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
RUN_OF_ATTEMPT = f"""
    SELECT task.run_id FROM {ATTEMPT} attempt JOIN {Task._meta.db_table} task
           ON task.id = attempt.task_id WHERE attempt.id = %(attempt)s::uuid
"""

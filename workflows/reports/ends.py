"""Stores how attempts have ended, and moves their tasks to the same end."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from workflows.db.statements import Sql, execute, rows
from workflows.models import LogPiece, Task, TaskAttempt, WorkflowRun
from workflows.models.actor import Actor
from workflows.models.attempt import Outcome
from workflows.reports.report import TRANSITIONS, Report, ReportedTask
from workflows.runs.chain import cover
from workflows.runs.log_digest import stored_logs
from workflows.runs.transitions import RecordedTransition, batches, transition_tasks_along

Reports = Mapping[ReportedTask, Report]

ATTEMPT = TaskAttempt._meta.db_table
STARTED_AT_OF_ATTEMPT = f"""
    (SELECT started_at FROM {ATTEMPT}
      WHERE task_id = {Task._meta.db_table}.id AND number = {Task._meta.db_table}.attempt_count)
"""
SET_ENDED = f"""
    UPDATE {ATTEMPT}
       SET outcome = report.outcome, exit_code = report.exit_code, result = report.result::jsonb,
           message = report.message, finished_at = %(now)s, lease_expires_at = NULL,
           started_at = COALESCE({ATTEMPT}.started_at, report.started_at),
           may_still_run = report.may_still_run, log_digest = report.log_digest,
           log_length = report.log_length
      FROM jsonb_to_recordset(%(ends)s)
           AS report(id uuid, outcome text, exit_code integer, result text, message text,
                     started_at timestamptz, may_still_run boolean, log_digest text,
                     log_length bigint)
     WHERE {ATTEMPT}.id = report.id
"""


def store_ends(
    run: WorkflowRun,
    reports: Reports,
    status: str,
    *,
    event: str,
    reason: str,
    starts: bool,
    by: Actor,
) -> None:
    """Move tasks to an end; if their attempts were not known to have started, start them first."""
    now = timezone.now()
    reports = _with_logs(reports)
    _store_attempts(reports, now)
    payloads = {task.pk: report.event_payload() for task, report in reports.items()}
    covers = {task.pk: _end_cover(task, report, now) for task, report in reports.items()}
    end = RecordedTransition(TRANSITIONS[status], payloads, event, covers)
    transition_tasks_along(
        run,
        list(reports),
        [_start(reports), end] if starts else [end],
        by=by,
        reason=reason,
        at=now,
        **({"started_at": Sql(STARTED_AT_OF_ATTEMPT)} if starts else {}),
        finished_at=now,
    )


def _with_logs(reports: Reports) -> Reports:
    """Add to reports on lost attempts what is stored of their logs: nobody else knows that."""
    lost = [report.attempt_id for report in reports.values() if report.is_lost]
    if not lost:
        return reports
    logs = stored_logs(lost)
    return {
        task: replace(report, log=logs.get(report.attempt_id, report.log))
        for task, report in reports.items()
    }


def _store_attempts(reports: Reports, now: datetime) -> None:
    for batch in batches(list(reports.values())):
        execute(SET_ENDED, now=now, ends=rows(map(_end_row, batch)))
    if pieces := [piece for report in reports.values() for piece in report.pieces]:
        LogPiece.objects.bulk_create(pieces, ignore_conflicts=True)


def _end_row(report: Report) -> dict[str, Any]:
    return {
        "id": report.attempt_id,
        "result": None if report.result is None else json.dumps(report.result),
        "started_at": report.started_at,
        **_end_columns(report),
    }


def _end_columns(report: Report) -> dict[str, Any]:
    return {
        "outcome": str(Outcome(report.status)),
        "exit_code": report.exit_code,
        "message": report.message,
        "may_still_run": report.may_still_run,
        **report.log.as_columns(),
    }


def _end_cover(task: ReportedTask, report: Report, now: datetime) -> str:
    started_at = task.attempt_started_at or report.started_at
    more = {"result": report.result, "started_at": started_at, "finished_at": now}
    return cover({**_end_columns(report), **more})


def _start(reports: Reports) -> RecordedTransition:
    payloads = {task.pk: {"attempt_id": str(each.attempt_id)} for task, each in reports.items()}
    covers = {task.pk: cover({"started_at": each.started_at}) for task, each in reports.items()}
    return RecordedTransition(Task.start, payloads, covers=covers)

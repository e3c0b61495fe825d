"""Turns callbacks and poll answers of runners into reports, and applies them."""

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from runners.base import RunnerReport
from workflows.db import failpoints
from workflows.dispatch.leases import POLL_AFTER, extend_lease
from workflows.dispatch.tokens import token_matches
from workflows.errors import NotFound, ReportRefused, TokenRefused
from workflows.models import EventType, LogPiece, Task, TaskAttempt, TaskState
from workflows.models.actor import Actor
from workflows.models.bounds import LONGEST_MESSAGE
from workflows.models.fields import check_json
from workflows.payloads.secrets import masked, secrets_of
from workflows.reports.apply import apply_reports
from workflows.reports.logs import AttemptLog
from workflows.reports.report import Report
from workflows.runs.events import record

NOTHING_NEW = "queued"


def apply_callback(task_id: int, token: str, reported: RunnerReport) -> None:
    """
    Apply what a runner reports about a task by calling back.

    :raises NotFound: if there is no such task.
    :raises TokenRefused: if none of the task's attempts has this token; that leaves an event.
    :raises ReportRefused: if the attempt is outdated, or its task is in no state to become that.
    """
    task = Task.objects.select_related("run").filter(pk=task_id).first()
    if task is None:
        raise NotFound("task", task_id)
    for attempt in task.attempts.all():
        if token_matches(token, attempt.token_hash):
            apply_runner_report(attempt, reported)
            if attempt.runner:
                attempt.runner.note_first("called_back_at")
            return
    reason = "the token belongs to no attempt of this task"
    payload = {"status": reported.status}
    record(EventType.TASK_REPORT_REFUSED, run=task.run, task=task, reason=reason, payload=payload)
    raise TokenRefused(f"task {task_id}: {reason}")


def apply_runner_report(attempt: TaskAttempt, reported: RunnerReport) -> None:
    """
    Apply what a runner reports about an attempt; a repeated identical report changes nothing.

    :raises ReportRefused: if the attempt is outdated, or its task is in no state to become that.
    """
    if refused := _apply_and_extend_lease(attempt, reported):
        raise ReportRefused(refused)


@transaction.atomic
def _apply_and_extend_lease(attempt: TaskAttempt, reported: RunnerReport) -> str:
    """
    Apply a report with its output and the lease that follows; return why if it is refused.

    In one transaction, since the runner reports once: a start that is stored without its lease
    would never become overdue, so the runner would never be polled.
    """
    if reported.status != NOTHING_NEW:
        secrets = secrets_of(attempt)
        report = _report_on(attempt.pk, reported, secrets)
        by = Actor(name=f"runner {attempt.runner_name}")
        if refused := apply_reports(attempt.run_id, [report], by=by):
            return refused[attempt.pk]
        failpoints.point("runner_report.applied")
        if reported.status != TaskState.RUNNING:
            _store_output(attempt.pk, _log_text(reported), secrets)
    extend_lease(attempt, POLL_AFTER)
    return ""


def _report_on(attempt_id: UUID, reported: RunnerReport, secrets: Sequence[str]) -> Report:
    result, message = reported.result, _message_of(reported)
    try:
        check_json(result)
    except ValidationError as exc:
        result = None
        message = f"{reported.message} (the result {exc.message}; it was left out)".strip()
    result, message = masked([result, message], secrets)
    return Report(attempt_id, reported.status, reported.exit_code, result, message)


def _message_of(reported: RunnerReport) -> str:
    """Return the runner's message, or else the exit code of a failure."""
    failed = reported.status == TaskState.FAILED and reported.exit_code
    return reported.message or (f"exit code {reported.exit_code}" if failed else "")


def _log_text(reported: RunnerReport) -> str:
    """Return the output, and after it a message that is too long to be stored elsewhere."""
    if len(reported.message) <= LONGEST_MESSAGE:
        return reported.output
    return "\n".join(filter(None, [reported.output, reported.message]))


def _store_output(attempt_id: UUID, output: str, secrets: Sequence[str]) -> None:
    log = AttemptLog(attempt_id, secrets=secrets)
    log.write(output.encode())
    # The first report of the end counts: a repeated one finds the output stored.
    LogPiece.objects.bulk_create(log.last_pieces(), ignore_conflicts=True)

"""INBOUND from runners that are asked or that call back: what they say becomes a report."""

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from runners.base import RunnerReport
from workflows.db import failpoints
from workflows.dispatch.leases import ASK_AFTER, extend_lease
from workflows.dispatch.tokens import is_token
from workflows.errors import NotFound, ReportRefused, TokenRefused
from workflows.models import EventType, LogPiece, Task, TaskAttempt, TaskState
from workflows.models.actor import Actor
from workflows.models.fields import check_json
from workflows.payloads.secrets import masked, secrets_of
from workflows.reports.apply import Report, apply_reports
from workflows.reports.logs import AttemptLog
from workflows.runs.events import record

NOTHING_NEW = "queued"


def apply_callback(task_id: int, token: str, heard: RunnerReport) -> None:
    """
    Take over what a runner reports about a task by itself.

    :raises NotFound: if there is no such task.
    :raises TokenRefused: if the token belongs to none of its attempts; that leaves an event.
    :raises ReportRefused: if the attempt is outdated, or its task has no such move.
    """
    task = Task.objects.select_related("run").filter(pk=task_id).first()
    if task is None:
        raise NotFound("task", task_id)
    for attempt in task.attempts.all():
        if is_token(token, attempt.token_hash):
            apply_runner_report(attempt, heard)
            return
    why = "the token belongs to no attempt of this task"
    payload = {"status": heard.status}
    record(EventType.TASK_REPORT_REFUSED, run=task.run, task=task, reason=why, payload=payload)
    raise TokenRefused(f"task {task_id}: {why}")


def apply_runner_report(attempt: TaskAttempt, heard: RunnerReport) -> None:
    """
    Take over what a runner says of an attempt; a repeated identical word changes nothing.

    :raises ReportRefused: if the attempt is outdated, or its task has no such move.
    """
    if refused := _take_over(attempt, heard):
        raise ReportRefused(refused)


@transaction.atomic
def _take_over(attempt: TaskAttempt, heard: RunnerReport) -> str:
    """
    Take over a word, which is said once: all of it or nothing. Return why, if it is refused.

    Were the start kept without the date to ask again, nobody would ever ask.
    """
    if heard.status != NOTHING_NEW:
        secrets = secrets_of(attempt)
        report = _report(attempt.pk, heard, secrets)
        by = Actor(name=f"runner {attempt.runner_name}")
        if refused := apply_reports(attempt.task.run_id or 0, [report], by=by):
            return refused[attempt.pk]
        failpoints.point("hearing.reported")
        if heard.status != TaskState.RUNNING:
            _store_output(attempt.pk, heard.output, secrets)
    extend_lease(attempt, ASK_AFTER)
    return ""


def _report(attempt_id: UUID, heard: RunnerReport, secrets: Sequence[str]) -> Report:
    result, message = heard.result, _why(heard)
    try:
        check_json(result)
    except ValidationError as exc:
        result = None
        message = f"{heard.message} (the result {exc.message}; it was left out)".strip()
    result, message = masked([result, message], secrets)
    return Report(attempt_id, heard.status, heard.exit_code, result, message)


def _why(heard: RunnerReport) -> str:
    """Return the runner's message, or what its exit code says."""
    failed = heard.status == TaskState.FAILED and heard.exit_code
    return heard.message or (f"exit code {heard.exit_code}" if failed else "")


def _store_output(attempt_id: UUID, output: str, secrets: Sequence[str]) -> None:
    log = AttemptLog(attempt_id, secrets=secrets)
    log.write(output.encode())
    # The first word about the end holds; a repeated report finds its output stored.
    LogPiece.objects.bulk_create(log.last_pieces(), ignore_conflicts=True)

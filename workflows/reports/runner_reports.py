"""INBOUND from runners that are asked or that call back: what they say becomes a report."""

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from runners.base import Heard
from workflows.db import failpoints
from workflows.dispatch.leases import ASK_AFTER, expect_word_within
from workflows.dispatch.tokens import is_token
from workflows.errors import NotFound, ReportRefused, TokenRefused
from workflows.models import EventType, LogPiece, Task, TaskAttempt, TaskState
from workflows.models.fields import check_json
from workflows.payloads.secrets import masked, secrets_of
from workflows.reports.apply import Report, report_all
from workflows.reports.logs import AttemptLog
from workflows.runs.events import record

NOTHING_NEW = "queued"


def hear_callback(task_id: int, token: str, heard: Heard) -> None:
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
            take_heard(attempt, heard)
            return
    why = "the token belongs to no attempt of this task"
    payload = {"status": heard.status}
    record(EventType.TASK_REPORT_REFUSED, run=task.run, task=task, reason=why, payload=payload)
    raise TokenRefused(f"task {task_id}: {why}")


def take_heard(attempt: TaskAttempt, heard: Heard) -> None:
    """
    Take over what a runner says of an attempt; a repeated identical word changes nothing.

    :raises ReportRefused: if the attempt is outdated, or its task has no such move.
    """
    if refused := _take_over(attempt, heard):
        raise ReportRefused(refused)


@transaction.atomic
def _take_over(attempt: TaskAttempt, heard: Heard) -> str:
    """
    Take over a word, which is said once: all of it or nothing. Return why, if it is refused.

    Were the start kept without the date to ask again, nobody would ever ask.
    """
    if heard.status != NOTHING_NEW:
        secrets = secrets_of(attempt)
        report = _report(attempt.pk, heard, secrets)
        by = f"runner {attempt.runner_name}"
        if refused := report_all(attempt.task.run_id or 0, [report], by=by):
            return refused[attempt.pk]
        failpoints.point("hearing.reported")
        if heard.status != TaskState.RUNNING:
            _store_output(attempt.pk, heard.output, secrets)
    expect_word_within(attempt, ASK_AFTER)
    return ""


def _report(attempt_id: UUID, heard: Heard, secrets: Sequence[str]) -> Report:
    result, message = heard.result, _why(heard)
    try:
        check_json(result)
    except ValidationError as exc:
        result = None
        message = f"{heard.message} (the result {exc.message}; it was left out)".strip()
    result, message = masked([result, message], secrets)
    return Report(attempt_id, heard.status, heard.exit_code, result, message)


def _why(heard: Heard) -> str:
    """Return the runner's message, or what its exit code says."""
    failed = heard.status == TaskState.FAILED and heard.exit_code
    return heard.message or (f"exit code {heard.exit_code}" if failed else "")


def _store_output(attempt_id: UUID, output: str, secrets: Sequence[str]) -> None:
    log = AttemptLog(attempt_id, secrets=secrets)
    log.write(output.encode())
    # The first word about the end holds; a repeated report finds its output stored.
    LogPiece.objects.bulk_create(log.last_pieces(), ignore_conflicts=True)

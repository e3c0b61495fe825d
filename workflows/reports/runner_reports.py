"""Turns callbacks and poll answers of runners into reports, and applies them."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django_fsm import ConcurrentTransition

from runners import transaction
from runners.base import RunnerReport
from runners.kept_values import CutText
from workflows.db import failpoints
from workflows.db.refusals import is_refusal
from workflows.dispatch.leases import POLL_AFTER, extend_host_lease
from workflows.dispatch.tokens import hash_of
from workflows.errors import ReportRefused, RunSetAside, TokenRefused, WorkflowError
from workflows.models import TaskAttempt, TaskState
from workflows.models.actor import Actor
from workflows.models.attempt import LARGEST_PIECE
from workflows.models.bounds import LONGEST_MESSAGE
from workflows.models.fields import check_json
from workflows.payloads.secrets import Secrets, masked, secrets_of
from workflows.reports.apply import apply_reports
from workflows.reports.logs import AttemptLog
from workflows.reports.refused_tokens import MISSING, STRANGER, count_refused_token
from workflows.reports.report import Report
from workflows.runs.bulkhead import note_trouble, trouble_of
from workflows.runs.locks import LARGEST_ID
from workflows.throttles import Limit

NOTHING_NEW = "queued"
CALLBACK = "the report of its runner"
LONGEST_DETAIL = 500
AFTER_THE_END = Limit("report after the end of attempt", timedelta(minutes=1), most=60)
"""Each takes the lock of the run, and leaves an event if it is refused."""

logger = logging.getLogger(__name__)


def attempt_with_token(task_id: int, token: str, *, address: str) -> TaskAttempt:
    """
    Return the attempt of a task that a runner reports on, by the token that it presents.

    Hashes are compared, by the database: how long that takes tells nothing about a token.

    :raises TokenRefused: if none of the task's attempts has it, or there is no such task.
    :raises Throttled: if so, and there were too many such calls from this address; or if the
        attempt has ended, and there were too many about it since.
    """
    known_id = min(task_id, LARGEST_ID)
    attempts = TaskAttempt.objects.filter(task=known_id, token_hash=hash_of(token))
    if attempt := attempts.select_related("runner", "task__run").order_by("number").first():
        if attempt.outcome:
            AFTER_THE_END.count(attempt.pk)
        return attempt
    count_refused_token(known_id, address)
    raise TokenRefused(f"task {task_id}: {STRANGER if token else MISSING}")


def apply_callback(attempt: TaskAttempt, reported: RunnerReport) -> None:
    """
    Apply what a runner reports about an attempt by calling back.

    :raises ReportRefused: if the attempt is outdated, or its task is in no state to become that.
    """
    try:
        apply_runner_report(attempt, reported)
    except (WorkflowError, ConcurrentTransition):
        raise
    except Exception as exc:
        if is_refusal(exc):
            raise
        logger.exception("A callback about attempt %s could not be applied.", attempt.pk)
        note_trouble(attempt.run_id, CALLBACK, exc)
        raise RunSetAside(attempt.run_id, trouble_of(CALLBACK, exc)) from exc
    if attempt.runner:
        attempt.runner.note_first("called_back_at")


def apply_runner_report(
    attempt: TaskAttempt,
    reported: RunnerReport,
    *,
    by: Actor | None = None,
    may_still_run: bool = False,
) -> None:
    """
    Apply what a runner reports about an attempt; a repeated identical report changes nothing.

    :param by: who acts, if it is not the runner itself.
    :param may_still_run: the attempt is given up, whatever the runner goes on doing.
    :raises ReportRefused: if the attempt is outdated, or its task is in no state to become that.
    """
    by = by or Actor(name=f"runner {attempt.runner_name}")
    if refused := _apply_and_extend_lease(attempt, reported, by=by, may_still_run=may_still_run):
        raise ReportRefused(refused)


@transaction.atomic
def _apply_and_extend_lease(
    attempt: TaskAttempt, reported: RunnerReport, *, by: Actor, may_still_run: bool
) -> str:
    """
    Apply a report with its output and the lease that follows; return why if it is refused.

    In one transaction, since the runner reports once: a start that is stored without its lease
    would never become overdue, so the runner would never be polled.
    """
    starts = reported.status == TaskState.RUNNING and not attempt.started_at
    if reported.status != NOTHING_NEW:
        secrets = secrets_of(attempt)
        report = replace(_report_on(attempt.pk, reported, secrets), may_still_run=may_still_run)
        if reported.status != TaskState.RUNNING:
            report = _with_output(report, _log_texts(reported), secrets)
        if refused := apply_reports(attempt.run_id, [report], by=by):
            return refused[attempt.pk]
        failpoints.point("runner_report.applied")
        _store_details(attempt.pk, reported, secrets)
    extend_host_lease(attempt, POLL_AFTER, starts=starts)
    return ""


def _report_on(attempt_id: UUID, reported: RunnerReport, secrets: Secrets) -> Report:
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


def _store_details(attempt_id: UUID, reported: RunnerReport, secrets: Secrets) -> None:
    """Add what else the runner says to what it has said before; the caller holds the run's lock."""
    if reported.details:
        attempts = TaskAttempt.objects.filter(pk=attempt_id)
        [before] = attempts.values_list("details", flat=True)
        # Cut once they are masked: of a secret that is divided, the beginning would be left.
        details = masked(dict(reported.details), secrets)
        new = {name: text[:LONGEST_DETAIL] for name, text in details.items()}
        attempts.update(details={**before, **new})


def _log_texts(reported: RunnerReport) -> list[str | CutText]:
    """Return the output, and after it a message that is too long to be stored elsewhere."""
    output = reported.output
    texts: list[str | CutText] = [output] if isinstance(output, str) else [*output]
    if len(reported.message) <= LONGEST_MESSAGE:
        return texts
    return [*texts, "\n" if any(texts) else "", reported.message]


def _with_output(report: Report, texts: Sequence[str | CutText], secrets: Secrets) -> Report:
    """Return a report on an end with the log, which is stored if the report says something new."""
    log = AttemptLog(report.attempt_id, secrets=secrets)
    for text in texts:
        if isinstance(text, CutText):
            _write_in_pieces(log, text.head)
            log.skip(text.dropped)
            text = text.tail
        _write_in_pieces(log, text)
    pieces = log.last_pieces()
    return replace(report, pieces=pieces, log=log.digest)


def _write_in_pieces(log: AttemptLog, text: str) -> None:
    """Write a text piece by piece: a copy of the whole would take some megabytes."""
    for start in range(0, len(text), LARGEST_PIECE):
        log.write(text[start : start + LARGEST_PIECE].encode())

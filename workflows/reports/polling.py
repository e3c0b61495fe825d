"""Polls runners on other hosts about attempts, and asks them to cancel attempts."""

from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from uuid import UUID

from django.utils import timezone

from runners.base import RunnerError, RunnerReport, RunnerUnavailable, UnknownTask
from workflows.db import failpoints
from workflows.dispatch.leases import POLL_AGAIN_AFTER, extend_lease
from workflows.errors import ReportRefused
from workflows.models import TaskAttempt, TaskState
from workflows.models.actor import Actor
from workflows.reports.apply import apply_report
from workflows.reports.report import Report
from workflows.reports.runner_reports import apply_runner_report
from workflows.runs.bulkhead import run_alone

UNKNOWN = "runner lost: the runner does not know this task"
APPLYING = "the report of its runner"
AT_ONCE = 5
"""How many attempts are polled at the same time: small servers take few connections."""

Answer = RunnerReport | RunnerError | None


def request_cancellation(attempt_ids: Collection[UUID], *, by: Actor) -> None:
    """
    Ask the runners of attempts to cancel them; recovery repeats that where no runner answers.

    Call it outside any transaction.
    """
    failpoints.point("cancel.committed")
    attempts = TaskAttempt.objects.open().filter(pk__in=list(attempt_ids))
    poll_attempts(list(attempts.select_related("runner", "task")), by=by)


def poll_attempts(attempts: Sequence[TaskAttempt], *, by: Actor) -> Counter[str]:
    """
    Poll attempts at their runners, or ask to cancel them if that was requested; apply the answers.

    Call it outside any transaction. A runner that does not answer is not asked again in this call.

    :returns: how many attempts were answered, lost, canceled or unanswered.
    """
    unresponsive: set[int | None] = set()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = threads.map(lambda attempt: _ask_runner(attempt, unresponsive), attempts)
    return Counter(
        run_alone(attempt.run_id, APPLYING, partial(_apply_answer, attempt, answer, by=by))
        or "set aside"
        for attempt, answer in zip(attempts, answers, strict=True)
    )


def unknown_among(attempts: Sequence[TaskAttempt]) -> list[TaskAttempt]:
    """
    Return the attempts that their runners do not know; note the submission of the others.

    For attempts whose submission was not noted: the process may have died after the runner had
    accepted them. As long as a runner does not answer, it may know them. Call it outside any
    transaction.
    """
    unresponsive: set[int | None] = set()
    unknown = []
    for attempt in attempts:
        match _ask_runner(attempt, unresponsive):
            case RunnerReport() as report:
                note = partial(_note_submission, attempt, report)
                run_alone(attempt.run_id, APPLYING, note)
            case RunnerUnavailable():
                extend_lease(attempt, POLL_AGAIN_AFTER)
            case _:  # unknown; or it cannot be polled, and takes the same key only once
                unknown.append(attempt)
    return unknown


def _ask_runner(attempt: TaskAttempt, unresponsive: set[int | None]) -> Answer:
    """Poll or cancel one attempt. This runs in a thread of its own, so without the database."""
    if attempt.runner is None or attempt.runner_id in unresponsive:
        return RunnerUnavailable("not asked")
    backend = attempt.runner.backend
    call = backend.cancel if attempt.task.cancel_requested_at else backend.poll
    try:
        return call(attempt.payload, attempt.runner.address)
    except UnknownTask as exc:
        return exc
    except RunnerError as exc:
        unresponsive.add(attempt.runner_id)
        return exc


def _note_submission(attempt: TaskAttempt, report: RunnerReport) -> None:
    TaskAttempt.objects.filter(pk=attempt.pk).update(submitted_at=timezone.now())
    with suppress(ReportRefused):  # another report was quicker; the refusal has left an event
        apply_runner_report(attempt, report)


def _apply_answer(attempt: TaskAttempt, answer: Answer, *, by: Actor) -> str:
    failpoints.point("poll.answered")
    match answer:
        case UnknownTask():
            return _end_unknown(attempt, by=by)
        case RunnerReport():
            with suppress(ReportRefused):  # another report was quicker; the refusal left an event
                apply_runner_report(attempt, answer)
            if attempt.task.cancel_requested_at:
                extend_lease(attempt, POLL_AGAIN_AFTER)
            return "answered"
    extend_lease(attempt, POLL_AGAIN_AFTER)
    return "unanswered"


def _end_unknown(attempt: TaskAttempt, *, by: Actor) -> str:
    """End an attempt that its runner does not know: canceled if that was requested, else lost."""
    is_canceled = bool(attempt.task.cancel_requested_at)
    status = TaskState.CANCELED if is_canceled else TaskState.FAILED
    message = attempt.task.note if is_canceled else UNKNOWN
    with suppress(ReportRefused):
        apply_report(Report(attempt.pk, status, message=message, is_lost=not is_canceled), by=by)
    return str(status) if is_canceled else "lost"

"""Polls runners on other hosts about attempts, and asks them to cancel attempts."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Semaphore
from uuid import UUID

from django.utils import timezone

from runners.base import ForeignAnswer, RunnerError, RunnerReport, RunnerUnavailable, UnknownTask
from workflows.db import failpoints
from workflows.dispatch.leases import POLL_AGAIN_AFTER, extend_host_lease
from workflows.dispatch.submission import record_foreign_answer
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
"""About how many attempts one runner is asked at a time: small servers take few connections."""

Answer = RunnerReport | RunnerError | None

logger = logging.getLogger(__name__)


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
    answers = ask_runners(attempts, ask_runner)
    return Counter(
        run_alone(attempt.run_id, APPLYING, partial(apply_answer, attempt, answer, by=by))
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
    unknown = []
    for attempt, answer in zip(attempts, ask_runners(attempts, ask_runner), strict=True):
        match answer:
            case RunnerReport() as report:
                note = partial(_note_submission, attempt, report)
                run_alone(attempt.run_id, APPLYING, note)
            case RunnerUnavailable() | ForeignAnswer():
                _leave_open(attempt, answer)
            case _:  # unknown; or it cannot be polled, and takes the same key only once
                unknown.append(attempt)
    return unknown


def ask_runners(
    attempts: Sequence[TaskAttempt], ask: Callable[[TaskAttempt], Answer]
) -> list[Answer]:
    """
    Ask about several attempts at the same time; a runner that does not answer only once.

    Silent runners are waited for together: an executor does nothing else meanwhile.
    """
    limits = {attempt.runner_id: Semaphore(AT_ONCE) for attempt in attempts}
    unresponsive: set[int | None] = set()

    def ask_once(attempt: TaskAttempt) -> Answer:
        with limits[attempt.runner_id]:
            if attempt.runner_id in unresponsive:
                return RunnerUnavailable("not asked")
            try:
                answer = ask(attempt)
            except Exception:  # it keeps nobody from asking about the others
                logger.exception("Attempt %s: its runner could not be asked.", attempt.pk)
                return RunnerUnavailable("it could not be asked")
            if isinstance(answer, RunnerUnavailable):
                unresponsive.add(attempt.runner_id)
            return answer

    with ThreadPoolExecutor(AT_ONCE * len(limits) or 1) as threads:
        return list(threads.map(ask_once, attempts))


def ask_runner(attempt: TaskAttempt) -> Answer:
    """Poll or cancel one attempt; without the database, since threads call this."""
    if attempt.runner is None:
        return RunnerUnavailable("its runner was deleted")
    backend = attempt.runner.backend
    call = backend.cancel if attempt.task.cancel_requested_at else backend.poll
    try:
        return call(attempt.payload, attempt.runner.address)
    except RunnerError as exc:
        return exc


def apply_answer(attempt: TaskAttempt, answer: Answer, *, by: Actor) -> str:
    """Apply the answer of a runner about an attempt; return what came of it, in a word."""
    failpoints.point("poll.answered")
    match answer:
        case UnknownTask():
            return _end_unknown(attempt, by=by)
        case RunnerReport():
            with suppress(ReportRefused):  # another report was quicker; the refusal left an event
                apply_runner_report(attempt, answer)
            if attempt.task.cancel_requested_at:
                extend_host_lease(attempt, POLL_AGAIN_AFTER)
            return "answered"
    _leave_open(attempt, answer)
    return "unanswered"


def _leave_open(attempt: TaskAttempt, answer: Answer) -> None:
    """Note that a runner has not answered about an attempt, which is asked about again."""
    if isinstance(answer, ForeignAnswer):
        record_foreign_answer(attempt, answer)
    extend_host_lease(attempt, POLL_AGAIN_AFTER)


def _note_submission(attempt: TaskAttempt, report: RunnerReport) -> None:
    TaskAttempt.objects.filter(pk=attempt.pk).update(submitted_at=timezone.now())
    with suppress(ReportRefused):  # another report was quicker; the refusal has left an event
        apply_runner_report(attempt, report)


def _end_unknown(attempt: TaskAttempt, *, by: Actor) -> str:
    """End an attempt that its runner does not know: canceled if that was requested, else lost."""
    is_canceled = bool(attempt.task.cancel_requested_at)
    status = TaskState.CANCELED if is_canceled else TaskState.FAILED
    message = attempt.task.note if is_canceled else UNKNOWN
    with suppress(ReportRefused):
        apply_report(Report(attempt.pk, status, message=message, is_lost=not is_canceled), by=by)
    return str(status) if is_canceled else "lost"

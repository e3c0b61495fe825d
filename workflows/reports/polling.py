"""Runners on other hosts are asked about their attempts, and to end them."""

from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

from django.utils import timezone

from runners.base import RunnerError, RunnerReport, RunnerUnavailable, UnknownTask
from workflows.db import failpoints
from workflows.dispatch.leases import ASK_AGAIN_AFTER, extend_lease
from workflows.errors import ReportRefused
from workflows.models import TaskAttempt, TaskState
from workflows.models.actor import Actor
from workflows.reports.apply import Report, apply_report
from workflows.reports.runner_reports import apply_runner_report

UNKNOWN = "runner lost: the runner does not know this task"
AT_ONCE = 5
"""Runners are asked side by side; more connections at once than small servers let wait."""

Answer = RunnerReport | RunnerError | None


def request_cancellation(attempt_ids: Collection[UUID], *, by: Actor) -> None:
    """
    Ask the runners of attempts to end them; whom nobody answers for is asked again by rescue.

    Outside any transaction.
    """
    failpoints.point("cancel.committed")
    attempts = TaskAttempt.objects.open().filter(pk__in=list(attempt_ids))
    poll_attempts(list(attempts.select_related("runner", "task")), by=by)


def poll_attempts(attempts: Sequence[TaskAttempt], *, by: Actor) -> Counter[str]:
    """
    Ask about attempts, or for their end where an operator wants it; take over the answers.

    Outside any transaction. A runner that does not answer is not asked again in this call.

    :returns: how many attempts were heard of, lost, canceled or unanswered.
    """
    unresponsive: set[int | None] = set()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda attempt: _answer(attempt, unresponsive), attempts)
    return Counter(
        _take(attempt, answer, by=by) for attempt, answer in zip(attempts, answers, strict=True)
    )


def unknown_among(attempts: Sequence[TaskAttempt]) -> list[TaskAttempt]:
    """
    Return the attempts that their runners do not know, of those whose submission nobody remembers.

    Their process may have died after the runner had heard: then only the memory of it was lost.
    While a runner does not answer, nobody knows. Outside any transaction.
    """
    unresponsive: set[int | None] = set()
    return [attempt for attempt in attempts if _is_unknown(attempt, unresponsive)]


def _is_unknown(attempt: TaskAttempt, unresponsive: set[int | None]) -> bool:
    match _answer(attempt, unresponsive):
        case RunnerReport() as heard:
            TaskAttempt.objects.filter(pk=attempt.pk).update(submitted_at=timezone.now())
            with suppress(ReportRefused):  # something else was quicker; the trail has it
                apply_runner_report(attempt, heard)
            return False
        case RunnerUnavailable():
            extend_lease(attempt, ASK_AGAIN_AFTER)
            return False
    return True  # it says so, or cannot be asked such things: the key of the attempt is the same


def _answer(attempt: TaskAttempt, unresponsive: set[int | None]) -> Answer:
    """Ask about one attempt. In a thread of its own, and so without the database."""
    if attempt.runner is None or attempt.runner_id in unresponsive:
        return RunnerUnavailable("not asked")
    backend = attempt.runner.backend
    question = backend.cancel if attempt.task.cancel_requested_at else backend.poll
    try:
        return question(attempt.payload, attempt.runner.address)
    except UnknownTask as exc:
        return exc
    except RunnerError as exc:
        unresponsive.add(attempt.runner_id)
        return exc


def _take(attempt: TaskAttempt, answer: Answer, *, by: Actor) -> str:
    failpoints.point("contact.answered")
    match answer:
        case UnknownTask():
            return _end_unknown(attempt, by=by)
        case RunnerReport():
            with suppress(ReportRefused):  # something else was quicker; the trail has it
                apply_runner_report(attempt, answer)
            if attempt.task.cancel_requested_at:
                extend_lease(attempt, ASK_AGAIN_AFTER)
            return "heard of"
    extend_lease(attempt, ASK_AGAIN_AFTER)
    return "unanswered"


def _end_unknown(attempt: TaskAttempt, *, by: Actor) -> str:
    """The runner says that nothing of it runs: canceled, if that was wanted, else lost."""
    wanted = bool(attempt.task.cancel_requested_at)
    status = TaskState.CANCELED if wanted else TaskState.FAILED
    message = attempt.task.note if wanted else UNKNOWN
    with suppress(ReportRefused):
        apply_report(Report(attempt.pk, status, message=message, is_lost=not wanted), by=by)
    return str(status) if wanted else "lost"

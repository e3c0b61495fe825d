"""Runners on other hosts are asked about their attempts, and to end them."""

from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

from django.utils import timezone

from runners.base import Heard, RunnerError, RunnerUnavailable, UnknownTask
from workflows.db import failpoints
from workflows.dispatch.leases import ASK_AGAIN_AFTER, expect_word_within
from workflows.errors import ReportRefused
from workflows.models import TaskAttempt, TaskState
from workflows.reports.apply import Report, report_one
from workflows.reports.runner_reports import take_heard

UNKNOWN = "runner lost: the runner does not know this task"
AT_ONCE = 5
"""Runners are asked side by side; more connections at once than small servers let wait."""

Answer = Heard | RunnerError | None


def ask_to_end(attempt_ids: Collection[UUID], *, by: str) -> None:
    """
    Ask the runners of attempts to end them; whom nobody answers for is asked again by rescue.

    Outside any transaction.
    """
    failpoints.point("cancel.committed")
    attempts = TaskAttempt.objects.open().filter(pk__in=list(attempt_ids))
    ask(list(attempts.select_related("runner", "task")), by=by)


def ask(attempts: Sequence[TaskAttempt], *, by: str) -> Counter[str]:
    """
    Ask about attempts, or for their end where an operator wants it; take over the answers.

    Outside any transaction. A runner that does not answer is not asked again in this call.

    :returns: how many attempts were heard of, lost, canceled or unanswered.
    """
    mute: set[int | None] = set()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda attempt: _answer(attempt, mute), attempts)
    return Counter(
        _take(attempt, answer, by=by) for attempt, answer in zip(attempts, answers, strict=True)
    )


def unknown_among(attempts: Sequence[TaskAttempt]) -> list[TaskAttempt]:
    """
    Return the attempts that their runners do not know, of those whose submission nobody remembers.

    Their process may have died after the runner had heard: then only the memory of it was lost.
    While a runner does not answer, nobody knows. Outside any transaction.
    """
    mute: set[int | None] = set()
    return [attempt for attempt in attempts if _is_unknown(attempt, mute)]


def _is_unknown(attempt: TaskAttempt, mute: set[int | None]) -> bool:
    match _answer(attempt, mute):
        case Heard() as heard:
            TaskAttempt.objects.filter(pk=attempt.pk).update(submitted_at=timezone.now())
            with suppress(ReportRefused):  # something else was quicker; the trail has it
                take_heard(attempt, heard)
            return False
        case RunnerUnavailable():
            expect_word_within(attempt, ASK_AGAIN_AFTER)
            return False
    return True  # it says so, or cannot be asked such things: the key of the attempt is the same


def _answer(attempt: TaskAttempt, mute: set[int | None]) -> Answer:
    """Ask about one attempt. In a thread of its own, and so without the database."""
    if attempt.runner is None or attempt.runner_id in mute:
        return RunnerUnavailable("not asked")
    backend = attempt.runner.backend
    question = backend.cancel if attempt.task.cancel_requested_at else backend.poll
    try:
        return question(attempt.payload, attempt.runner.address)
    except UnknownTask as exc:
        return exc
    except RunnerError as exc:
        mute.add(attempt.runner_id)
        return exc


def _take(attempt: TaskAttempt, answer: Answer, *, by: str) -> str:
    failpoints.point("contact.answered")
    match answer:
        case UnknownTask():
            return _end_unknown(attempt, by=by)
        case Heard():
            with suppress(ReportRefused):  # something else was quicker; the trail has it
                take_heard(attempt, answer)
            if attempt.task.cancel_requested_at:
                expect_word_within(attempt, ASK_AGAIN_AFTER)
            return "heard of"
    expect_word_within(attempt, ASK_AGAIN_AFTER)
    return "unanswered"


def _end_unknown(attempt: TaskAttempt, *, by: str) -> str:
    """The runner says that nothing of it runs: canceled, if that was wanted, else lost."""
    wanted = bool(attempt.task.cancel_requested_at)
    status = TaskState.CANCELED if wanted else TaskState.FAILED
    message = attempt.task.note if wanted else UNKNOWN
    with suppress(ReportRefused):
        report_one(Report(attempt.pk, status, message=message, is_lost=not wanted), by=by)
    return str(status) if wanted else "lost"

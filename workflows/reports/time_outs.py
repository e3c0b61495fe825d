"""Ends attempts at hosts whose time is over, whatever their hosts say about them."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from runners.base import ForeignAnswer, RunnerError, RunnerReport, RunnerUnavailable, UnknownTask
from workflows.dispatch.submission import record_foreign_answer
from workflows.errors import ReportRefused
from workflows.models import TaskAttempt, TaskState
from workflows.models.actor import Actor
from workflows.reports.polling import Answer, apply_answer, ask_runners
from workflows.reports.runner_reports import apply_runner_report
from workflows.runs.bulkhead import run_alone

ENDING = "the end of an attempt that timed out at its host"


def end_timed_out(attempts: Sequence[TaskAttempt], *, by: Actor) -> Counter[str]:
    """
    Ask hosts to end attempts that have timed out; those that the hosts have not ended fail.

    Call it outside any transaction.

    :returns: how many attempts were ended in which way.
    """
    answers = ask_runners(attempts, _ask_to_end)
    return Counter(
        run_alone(attempt.run_id, ENDING, partial(_end, attempt, answer, by=by)) or "set aside"
        for attempt, answer in zip(attempts, answers, strict=True)
    )


def _ask_to_end(attempt: TaskAttempt) -> Answer:
    """Cancel an attempt at its host, or poll it if the host does not say what became of it."""
    if attempt.runner is None:
        return None
    backend, answer = attempt.runner.backend, None
    for call in (backend.cancel, backend.poll):
        try:
            if answer := call(attempt.payload, attempt.runner.address):
                return answer
        except (UnknownTask, ForeignAnswer, RunnerUnavailable) as exc:
            return exc
        except RunnerError:
            continue  # it does not want to cancel it; it may say more when it is polled
    return None


def _end(attempt: TaskAttempt, answer: Answer, *, by: Actor) -> str:
    match answer:
        case UnknownTask():
            return apply_answer(attempt, answer, by=by)
        case RunnerReport(status=status) if _is_end_by_itself(attempt, status):
            return apply_answer(attempt, answer, by=by)
        case ForeignAnswer():
            record_foreign_answer(attempt, answer)
    _fail(attempt, answer if isinstance(answer, RunnerReport) else None, by=by)
    return "timed out"


def _is_end_by_itself(attempt: TaskAttempt, status: str) -> bool:
    """Return True for an end that is not only the host's obedience to our request."""
    if status == TaskState.CANCELED:
        return attempt.task.cancel_requested_at is not None
    return status in {TaskState.SUCCESS, TaskState.FAILED}


def _fail(attempt: TaskAttempt, reported: RunnerReport | None, *, by: Actor) -> None:
    """Fail an attempt, with the output that its host has reported."""
    answered = reported or RunnerReport("")
    is_ended = answered.status == TaskState.CANCELED
    failure = replace(
        answered,
        status=str(TaskState.FAILED),
        message=f"timed out after {attempt.timeout_seconds} s; {_answer_in_words(answered.status)}",
        result=None,
    )
    with suppress(ReportRefused):  # the end was reported meanwhile; the refusal left an event
        apply_runner_report(attempt, failure, by=by, may_still_run=not is_ended)


def _answer_in_words(status: str) -> str:
    if status == TaskState.CANCELED:
        return "the host has ended it"
    return f"the host still says {status}" if status else "the host does not answer"

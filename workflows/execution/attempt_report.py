"""The report on an attempt that is over."""

from django.core.exceptions import ValidationError

from runners.slots.outcome import Outcome
from workflows.execution.running_attempt import RunningAttempt
from workflows.models import TaskState
from workflows.models.fields import check_json
from workflows.payloads.secrets import masked
from workflows.reports.report import Report

MOST_LAST_READS = 8
"""More than a pipe can hold; what cannot be killed may go on writing."""

CANCELED = "canceled"
STOPPED = "the local runner was stopped while it worked on this"


def report_on(running: RunningAttempt, *, is_stopping: bool) -> Report:
    """
    Build the report on an attempt that is over, after the last pieces of its log were taken.

    :param is_stopping: the executor was told to stop; so a SIGTERM from elsewhere, which goes to
        all processes of a service, means that.
    """
    outcome = running.outcome or Outcome()
    why = running.ended_by or (STOPPED if is_stopping and outcome.is_terminated else "")
    if why == CANCELED:
        return _build(running, outcome, TaskState.CANCELED, _with_remaining(why, outcome))
    if why := _with_remaining(why, outcome) or _unstorable(outcome):
        return _build(running, outcome, TaskState.FAILED, why)
    return _build(running, outcome, TaskState.SUCCESS, "")


def read_rest(running: RunningAttempt) -> None:
    """Take the output that is still in the pipe of an attempt that is over."""
    for _ in range(MOST_LAST_READS):
        if not (output := running.slot.read_output()):
            break
        running.log.write(output)


def _with_remaining(why: str, outcome: Outcome) -> str:
    """Return why it was ended, or else why it failed, and which processes nobody could kill."""
    if why and outcome.remaining:
        return f"{why}; {outcome.failure}"
    return why or outcome.failure


def _unstorable(outcome: Outcome) -> str:
    """Return why a result cannot be stored; empty if it can."""
    try:
        check_json(outcome.result)
    except ValidationError as exc:
        return f"the result {exc.message}"
    return ""


def _build(running: RunningAttempt, outcome: Outcome, status: str, message: str) -> Report:
    result = outcome.result if status == TaskState.SUCCESS else None
    result, message = masked([result, message], running.secrets)
    return Report(
        running.attempt.pk,
        status,
        outcome.exit_code,
        result,
        message,
        started_at=running.started_at,
        may_still_run=bool(outcome.remaining),
        log=running.log.digest,
    )

"""What to look at first when a task has failed, as a short hint."""

from workflows.insight.phrases import in_one_line, quoted
from workflows.runs.readiness import Cause

BY_EXIT_CODE = {
    126: "The command cannot be executed: check its permissions.",
    127: "A command was not found: check its name, and PATH where it runs.",
    137: "It was killed: check whether memory ran out.",
    -9: "It was killed: check whether memory ran out.",
}
BY_REASON = {
    "timed out": "Raise timeout_seconds of the step, or let it do less.",
    "runner lost": "Find out whether its work was done, and whether its runner is alive.",
    "declared lost": "Find out whether its work was done before you retry it.",
    "cannot start": "Check the command, its directory, and what is installed where it runs.",
    "payload": "Mend the step, then run the run again: a retry keeps this payload.",
}
"""What helps, by the beginning of the reason."""
READ_LOG = "Read the end of its log: /tasks/{}/log."
FINAL = "The run is aborted: run it again once that is mended."


def triage_hint(cause: Cause, *, is_final: bool) -> str:
    """
    Return what failed, why, and what helps.

    :param is_final: its run was aborted, so that nothing in it can be retried.
    """
    reason = in_one_line(cause.reason) or "no reason was reported"
    if cause.exit_code is not None and str(cause.exit_code) not in reason:
        reason += f" (exit code {cause.exit_code})"
    return " ".join([f"{quoted(cause)} failed: {reason}.", _remedy(cause), *[FINAL] * is_final])


def _remedy(cause: Cause) -> str:
    begun = (text for start, text in BY_REASON.items() if cause.reason.startswith(start))
    by_exit_code = BY_EXIT_CODE.get(cause.exit_code or 0)
    return by_exit_code or next(begun, READ_LOG.format(cause.task_id))

"""How the box with the sentence on a run looks: its hue, its icon, the lines of the log in it."""

from collections.abc import Iterable
from datetime import datetime

from workflows.insight.log_end import ERROR, LastLine
from workflows.insight.situation import Situation
from workflows.models import RunState, WorkflowRun
from workflows.runs.readiness import APPROVAL, HOLD

BY_STATE = {
    RunState.FAILED: ("bad", "failed"),
    RunState.PAUSED: ("stopped", "paused"),
    RunState.ABORTED: ("stopped", "aborted"),
    RunState.SUCCESS: ("good", "success"),
}
BY_CAUSE = {APPROVAL: ("waiting", "approval"), HOLD: ("stopped", "held")}
BY_SUGGESTION = {
    "enable": ("stopped", "refused"),
    "see": ("bad", "refused"),
    "ask": ("stopped", "overdue"),
    "declare_lost": ("stopped", "overdue"),
    "dispatch_ready": ("active", "ready"),
}


def look_of(run: WorkflowRun, situation: Situation) -> tuple[str, str]:
    """Return the hue and the icon that say at a glance what the sentence says."""
    if run.is_set_aside:
        return "stopped", "refused"
    if known := BY_STATE.get(RunState(run.state)):
        return known
    if run.broken_count:
        return "stopped", "deadlocked"
    suggested = (BY_SUGGESTION.get(each.operation) for each in situation.suggestions)
    asked = (BY_CAUSE.get(cause.status) for cause in situation.tasks)
    idle = ("active", "running") if run.active_count else ("quiet", "created")
    return next(filter(None, (*suggested, *asked)), idle)


def parted(lines: Iterable[LastLine]) -> list[tuple[int | None, datetime | None, str, str, str]]:
    """Return number and time of each line, and its text before, in and after an error's name."""
    return [(line.number, line.at, *_parts(line.text)) for line in lines]


def _parts(text: str) -> tuple[str, str, str]:
    found = ERROR.search(text)
    return (text[: found.start()], found[0], text[found.end() :]) if found else ("", "", text)

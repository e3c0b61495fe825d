"""How sentences name tasks, what happened to them, moments and durations."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from workflows.models import Task, TaskState
from workflows.runs.readiness import APPROVAL, HOLD, Cause

MOST_NAMED = 3
"""How many tasks a sentence names; the others are counted."""
MINUTE, HOUR = 60, 3600
TENTHS_FROM, SECONDS_FROM, MINUTES_FROM = 0.95, 9.95, 10 * MINUTE
"""From where on durations are told in tenths of seconds, seconds, and minutes."""

BROKEN_VERBS = {TaskState.FAILED.value: "failed", TaskState.CANCELED.value: "was canceled"}
WAITING_VERBS = {APPROVAL: "waits for approval", HOLD: "is on hold"}
"""The verb of a root cause in a sentence, by its status."""


def describe_causes(causes: Iterable[Cause], *, are_all: bool = True) -> str:
    """
    Return what happened to these tasks: `a` failed (exit code 2) and `b` is on hold.

    :param are_all: False if there are more causes than these.
    """
    return joined(map(describe_cause, causes), are_all=are_all)


def describe_cause(cause: Cause) -> str:
    """Return what happened to one task, and why."""
    verb = (BROKEN_VERBS | WAITING_VERBS)[cause.status]
    reason = in_one_line(cause.reason)
    # Runners report as little as `canceled`, which the verb says already.
    return f"{quoted(cause)} {verb}" + (f" ({reason})" if reason not in {"", cause.status} else "")


def in_one_line(reason: str) -> str:
    """Return a reason as a part of a sentence: without line ends and the full stop."""
    return " ".join(reason.split()).removesuffix(".")


def quoted(task: Cause | Task) -> str:
    """Return the name of a task, as it is found again in a sentence."""
    return f"`{task.step_id or task.title}`"


def describe_broken(causes: Sequence[Cause], failed: int, canceled: int) -> str:
    """Return which of so many tasks failed or were canceled: up to three, `and 4 more failed`."""
    if failed + canceled <= MOST_NAMED:
        return describe_causes(causes)
    named = causes[:MOST_NAMED]
    return f"{', '.join(map(describe_cause, named))} and {more_broken(named, failed, canceled)}"


def more_broken(named: Iterable[Cause], failed: int, canceled: int) -> str:
    """Return how many more failed and were canceled than are named; empty if none."""
    states = [cause.status for cause in named]
    failed -= states.count(TaskState.FAILED)
    canceled -= states.count(TaskState.CANCELED)
    was = "was" if canceled == 1 else "were"
    texts = [f"{failed:,} more failed"] if failed else []
    return " and ".join(texts + ([f"{canceled:,} more {was} canceled"] if canceled else []))


def joined(texts: Iterable[str], *, are_all: bool = True) -> str:
    """Return `a, b, c and 4 more`, or `at least 4 more` unless these are all."""
    parts = list(texts)
    if len(parts) > MOST_NAMED:
        count = f"{len(parts) - MOST_NAMED:,} more"
        parts = [*parts[:MOST_NAMED], count if are_all else f"at least {count}"]
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def counted(n: int, one: str, many: str) -> str:
    """Return `1 task is …` or `3 tasks are …`."""
    return f"1 task {one}" if n == 1 else f"{n:,} tasks {many}"


def moment(at: datetime) -> str:
    """Return a moment to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def duration_text(seconds: float) -> str:
    """Return `80 ms`, `2.5 s`, `45 s`, `3 min 20 s` or `2 h 5 min`, as `duration.js` does."""
    if seconds < TENTHS_FROM:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < SECONDS_FROM:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < MINUTES_FROM:
        return _in_two_units(whole, "min", "s")
    return _in_two_units(round(seconds / MINUTE), "h", "min")


def short_duration(seconds: float) -> str:
    """Return `80 ms`, `2.5 s`, `0:45`, `3:20` or `2:05 h`, for columns of durations."""
    if seconds < SECONDS_FROM:
        return duration_text(seconds)
    whole = round(seconds)
    if whole < HOUR:
        return f"{whole // MINUTE}:{whole % MINUTE:02}"
    minutes = round(seconds / MINUTE)
    return f"{minutes // MINUTE}:{minutes % MINUTE:02} h"


def _in_two_units(amount: int, large: str, small: str) -> str:
    """Return an amount of small units in large and small ones; what is zero is left out."""
    parts = ((amount // 60, large), (amount % 60, small))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)

"""The rows of a run beside what its trail says of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from workflows.audit.replay import UNTOLD, Finding, Replay, ToldAttempt
from workflows.models import Approval, ApprovalStatus, Task, TaskAttempt, WorkflowRun
from workflows.models.task import ENDED

WORDS = {True: "yes", False: "no"}
OPEN = "none yet"


def check_tasks(run: WorkflowRun, replay: Replay) -> Iterator[Finding]:
    """Yield what in the tasks of a run does not fit."""
    untold = set(replay.tasks)
    for task in Task.objects.filter(run=run).defer("payload", "title").iterator():
        untold.discard(task.pk)
        yield from compare(run, _told(replay, task.pk), _kept(task), task.pk)
        yield from _check_times(run, f"{task}", task, task.pk)
    for task_id in sorted(untold):
        yield Finding(run.pk, "task", "a task of the run, as the trail says", "none", task_id)


def _told(replay: Replay, task_id: int) -> dict[str, Any]:
    told = replay.tasks.get(task_id, UNTOLD)
    return {
        "state": told.state or "no event of its creation",
        "attempts": len(told.attempts),
        "things to wait for": len([*replay.waits_for(task_id)]),
        "on hold": told.is_held,
        "waiting for approval": told.awaits_approval,
        "set to success by hand": told.is_marked_success,
        "asked to end": told.is_cancel_requested,
        "finished": told.state in ENDED,
    }


def _kept(task: Task) -> dict[str, Any]:
    return {
        "state": task.state,
        "attempts": task.attempt_count,
        "things to wait for": task.unmet_count,
        "on hold": task.is_held,
        "waiting for approval": task.awaits_approval,
        "set to success by hand": task.is_marked_success,
        "asked to end": task.cancel_requested_at is not None,
        "finished": task.finished_at is not None,
    }


def compare(
    run: WorkflowRun, told: dict[str, Any], kept: dict[str, Any], task_id: int | None = None
) -> Iterator[Finding]:
    """Yield what is not as it is told, by what it is called."""
    for what, expected in told.items():
        if kept[what] != expected:
            yield Finding(run.pk, what, _word(expected), _word(kept[what]), task_id)


def _word(value: Any) -> str:
    return WORDS[value] if isinstance(value, bool) else str(value)


def _check_times(
    run: WorkflowRun, what: str, row: Task | TaskAttempt, task_id: int
) -> Iterator[Finding]:
    """Time does not run backwards, as far as the moments are known."""
    names = ("dispatched_at", "started_at", "finished_at")
    known = [(name, at) for name in names if (at := getattr(row, name))]
    for (earlier, before), (later, after) in pairwise(known):
        if after < before:
            expected = f"not before {earlier}, {before.isoformat()}"
            yield Finding(run.pk, f"{later} of {what}", expected, after.isoformat(), task_id)


def check_attempts(run: WorkflowRun, replay: Replay) -> Iterator[Finding]:
    """Yield what in the attempts of a run does not fit."""
    told = {
        each.pk: (task_id, number, each)
        for task_id, task in replay.tasks.items()
        for number, each in enumerate(task.attempts, 1)
    }
    rows = TaskAttempt.objects.filter(task__run=run).defer("payload", "result", "message")
    for attempt in rows.iterator():
        what = f"attempt {attempt.pk}"
        if (known := told.pop(str(attempt.pk), None)) is None:
            yield Finding(run.pk, what, "no such attempt in the trail", "one", attempt.task_id)
            continue
        yield from _check_attempt(run, what, attempt, *known)
        yield from _check_times(run, what, attempt, attempt.task_id)
    for pk, (task_id, number, _) in told.items():
        yield Finding(run.pk, f"attempt {pk}", f"number {number} of the task", "none", task_id)


def _check_attempt(
    run: WorkflowRun, what: str, row: TaskAttempt, task_id: int, number: int, told: ToldAttempt
) -> Iterator[Finding]:
    expected = {
        f"task of {what}": task_id,
        f"number of {what}": number,
        f"runner of {what}": told.runner,
        f"start of {what}": told.started is not None,
        f"end of {what}": told.ended is not None,
    }
    found = (
        row.task_id,
        row.number,
        row.runner_name,
        row.started_at is not None,
        row.finished_at is not None,
    )
    yield from compare(run, expected, dict(zip(expected, found, strict=True)), row.task_id)
    if row.outcome not in told.outcomes:
        outcomes = " or ".join(sorted(told.outcomes)) or OPEN
        yield Finding(run.pk, f"outcome of {what}", outcomes, row.outcome or OPEN, row.task_id)
    yield from _check_moments(run, what, row, told)


def _check_moments(
    run: WorkflowRun, what: str, row: TaskAttempt, told: ToldAttempt
) -> Iterator[Finding]:
    """Each moment is taken right before the event that tells of it."""
    moments: Iterable[tuple[str, datetime | None, datetime | None]] = (
        ("dispatched_at", row.dispatched_at, told.dispatched),
        ("started_at", row.started_at, told.started),
        ("finished_at", row.finished_at, told.ended),
    )
    for name, kept, event in moments:
        if kept and event and kept > event:
            expected = f"not after its event, {event.isoformat()}"
            yield Finding(run.pk, f"{name} of {what}", expected, kept.isoformat(), row.task_id)


def check_approvals(run: WorkflowRun, replay: Replay) -> Iterator[Finding]:
    """Yield what in the approvals of a run does not fit."""
    kept: dict[int, list[str]] = defaultdict(list)
    for approval in Approval.objects.filter(task__run=run).order_by("id").iterator():
        kept[approval.task_id].append(approval.status)
        is_decided = approval.status != ApprovalStatus.PENDING
        if is_decided != (approval.decided_at is not None):
            words = (f"{approval}, decided", _word(is_decided), _word(not is_decided))
            yield Finding(run.pk, *words, approval.task_id)
    told = {task_id: task.approvals for task_id, task in replay.tasks.items() if task.approvals}
    for task_id in sorted(kept.keys() | told.keys()):
        expected, found = (", ".join(each.get(task_id, ["none"])) for each in (told, kept))
        if expected != found:
            yield Finding(run.pk, "approvals", expected, found, task_id)

"""Compares the rows of a run with the replay of its trail."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from workflows.audit.findings import Finding, as_text
from workflows.audit.replay import Replay
from workflows.audit.replayed import UNKNOWN_TASK, ReplayedAttempt
from workflows.models import Approval, ApprovalStatus, Task, TaskAttempt, WorkflowRun
from workflows.models.label import labels_of
from workflows.models.task import ENDED

NO_OUTCOME = "none yet"
STILL_EMPTY: Mapping[str, Collection[Any]] = {
    "exit_code": [None],
    "result": [None],
    "message": [""],
    "may_still_run": [False],
    "log_digest": [""],
    "log_length": [0],
}
"""The columns of an attempt that nothing sets before it ends."""


def check_tasks(run: WorkflowRun, replay: Replay) -> Iterator[Finding]:
    """Yield the tasks and their columns that differ from the replay."""
    missing = set(replay.tasks)
    for task in Task.objects.filter(run=run).defer("payload", "title").iterator():
        missing.discard(task.pk)
        yield from compare_values(run, _replayed(replay, task.pk), _stored(task), task.pk)
        yield from _check_times(run, f"{task}", task, task.pk)
        allowed = replay.tasks.get(task.pk, UNKNOWN_TASK).columns
        yield from compare_columns(run, allowed, task, task_id=task.pk)
    for task_id in sorted(missing):
        yield Finding(run.pk, "task", "a task of the run, as the trail says", "none", task_id)


def _replayed(replay: Replay, task_id: int) -> dict[str, Any]:
    replayed = replay.tasks.get(task_id, UNKNOWN_TASK)
    return {
        "state": replayed.state or "no event of its creation",
        "attempts": len(replayed.attempts),
        "things to wait for": len([*replay.waits_for(task_id)]),
        "on hold": replayed.is_held,
        "waiting for approval": replayed.awaits_approval,
        "set to success by hand": replayed.is_marked_success,
        "asked to end": replayed.is_cancel_requested,
        "finished": replayed.state in ENDED,
    }


def _stored(task: Task) -> dict[str, Any]:
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


def compare_values(
    run: WorkflowRun, replayed: dict[str, Any], stored: dict[str, Any], task_id: int | None = None
) -> Iterator[Finding]:
    """Yield the values that differ from the expected ones, by name."""
    for what, expected in replayed.items():
        if stored[what] != expected:
            yield Finding(run.pk, what, as_text(expected), as_text(stored[what]), task_id)


def compare_columns(
    run: WorkflowRun,
    allowed: Mapping[str, Collection[Any]],
    row: WorkflowRun | Task | TaskAttempt | Approval,
    *,
    of: str = "",
    task_id: int | None = None,
) -> Iterator[Finding]:
    """Yield the columns whose values no event has given them."""
    for name, values in allowed.items():
        if (found := getattr(row, name)) not in values:
            expected = " or ".join(sorted(map(as_text, values)))
            yield Finding(run.pk, f"{name}{of}", expected, as_text(found), task_id)


def _check_times(
    run: WorkflowRun, what: str, row: Task | TaskAttempt, task_id: int
) -> Iterator[Finding]:
    """Yield the times of a row that are earlier than a preceding one."""
    names = ("dispatched_at", "started_at", "finished_at")
    known = [(name, at) for name in names if (at := getattr(row, name))]
    for (earlier, before), (later, after) in pairwise(known):
        if after < before:
            expected = f"not before {earlier}, {before.isoformat()}"
            yield Finding(run.pk, f"{later} of {what}", expected, after.isoformat(), task_id)


def check_attempts(run: WorkflowRun, replay: Replay) -> Iterator[Finding]:
    """Yield the attempts and their columns that differ from the replay."""
    replayed = {
        each.pk: (task_id, number, each)
        for task_id, task in replay.tasks.items()
        for number, each in enumerate(task.attempts, 1)
    }
    rows = TaskAttempt.objects.filter(task__run=run).defer("payload")
    for attempt in rows.iterator():
        what = f"attempt {attempt.pk}"
        if (known := replayed.pop(str(attempt.pk), None)) is None:
            yield Finding(run.pk, what, "no such attempt in the trail", "one", attempt.task_id)
            continue
        yield from _check_attempt(run, what, attempt, *known)
        yield from _check_times(run, what, attempt, attempt.task_id)
    for pk, (task_id, number, _) in replayed.items():
        yield Finding(run.pk, f"attempt {pk}", f"number {number} of the task", "none", task_id)


def _check_attempt(
    run: WorkflowRun,
    what: str,
    row: TaskAttempt,
    task_id: int,
    number: int,
    replayed: ReplayedAttempt,
) -> Iterator[Finding]:
    expected = {
        f"task of {what}": task_id,
        f"number of {what}": number,
        f"runner of {what}": replayed.runner,
        f"start of {what}": replayed.started is not None,
        f"end of {what}": replayed.ended is not None,
    }
    found = (
        row.task_id,
        row.number,
        row.runner_name,
        row.started_at is not None,
        row.finished_at is not None,
    )
    yield from compare_values(run, expected, dict(zip(expected, found, strict=True)), row.task_id)
    if row.outcome not in replayed.outcomes:
        outcomes = " or ".join(sorted(replayed.outcomes)) or NO_OUTCOME
        yield Finding(
            run.pk, f"outcome of {what}", outcomes, row.outcome or NO_OUTCOME, row.task_id
        )
    if replayed.is_exact and not replayed.ended:
        yield from compare_columns(run, STILL_EMPTY, row, of=f" of {what}", task_id=row.task_id)
    yield from _check_event_times(run, what, row, replayed)


def _check_event_times(
    run: WorkflowRun, what: str, row: TaskAttempt, replayed: ReplayedAttempt
) -> Iterator[Finding]:
    """Yield the times that are later than their event, which is written right after them."""
    moments: Iterable[tuple[str, datetime | None, datetime | None]] = (
        ("dispatched_at", row.dispatched_at, replayed.dispatched),
        ("started_at", row.started_at, replayed.started),
        ("finished_at", row.finished_at, replayed.ended),
    )
    for name, stored, event in moments:
        if stored and event and stored > event:
            expected = f"not after its event, {event.isoformat()}"
            yield Finding(run.pk, f"{name} of {what}", expected, stored.isoformat(), row.task_id)


def check_labels(run: WorkflowRun, replay: Replay) -> Iterator[Finding]:
    """Yield the labels that no event has given, and those that are gone."""
    stored = labels_of([run.pk]).get(run.pk, {})
    for key in sorted({*replay.labels, *stored}):
        expected, found = replay.labels.get(key), stored.get(key)
        if expected != found:
            yield Finding(run.pk, f"label {key}", as_text(expected), as_text(found))


def check_approvals(run: WorkflowRun, replay: Replay) -> Iterator[Finding]:
    """Yield the approvals that differ from the replay."""
    stored: dict[int, list[Approval]] = defaultdict(list)
    for approval in Approval.objects.filter(task__run=run).order_by("id").iterator():
        stored[approval.task_id].append(approval)
        is_decided = approval.status != ApprovalStatus.PENDING
        if is_decided != (approval.decided_at is not None):
            words = (f"{approval}, decided", as_text(is_decided), as_text(not is_decided))
            yield Finding(run.pk, *words, approval.task_id)
    asked = {task_id for task_id, task in replay.tasks.items() if task.approvals}
    for task_id in sorted(stored.keys() | asked):
        replayed, rows = replay.tasks.get(task_id, UNKNOWN_TASK).approvals, stored[task_id]
        expected, found = (
            ", ".join(str(each.status) for each in some) or "none" for some in (replayed, rows)
        )
        if expected != found:
            yield Finding(run.pk, "approvals", expected, found, task_id)
        for approval, known in zip(rows, replayed, strict=False):
            of = f" of {approval}"
            yield from compare_columns(run, known.columns, approval, of=of, task_id=task_id)

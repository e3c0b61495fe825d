"""INBOUND: what became of attempts, whatever the transport."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from workflows import faults
from workflows.advance import dispatch_waiting, go_on
from workflows.errors import NotFound, ReportRefused
from workflows.events import Arrow, ends, record
from workflows.locks import lock_run
from workflows.models import EventType, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.attempt import Outcome
from workflows.moves import batches, move

ARROWS: Mapping[str, Arrow] = {
    TaskState.RUNNING: Task.start,
    TaskState.SUCCESS: Task.succeed,
    TaskState.FAILED: Task.fail,
    TaskState.CANCELED: Task.cancel,
}

NO_LEASE = timedelta()


@dataclass(frozen=True, slots=True)
class Report:
    """What a runner says of one attempt. `status` is a key of ARROWS."""

    attempt_id: UUID
    status: str
    exit_code: int | None = None
    result: Any = None
    message: str = ""
    is_lost: bool = False
    """Nobody reports on the attempt any more; said by rescue, on definite evidence."""

    def event_payload(self) -> dict[str, Any]:
        """Return what the trail keeps of it."""
        return {
            "attempt_id": str(self.attempt_id),
            **({"exit_code": self.exit_code} if self.exit_code is not None else {}),
            **({"message": self.message} if self.message else {}),
        }


def report_one(report: Report, *, by: str) -> None:
    """
    Take over one report; a repeated identical one changes nothing.

    :raises NotFound: if there is no such attempt.
    :raises ReportRefused: if the attempt is outdated, or its task has no such move.
    """
    found = TaskAttempt.objects.filter(pk=report.attempt_id).values_list("task__run_id", flat=True)
    if not found:
        raise NotFound("attempt", report.attempt_id)
    if refused := report_all(found[0] or 0, [report], by=by):
        raise ReportRefused(refused[report.attempt_id])


@transaction.atomic
def report_all(run_id: int, reports: Sequence[Report], *, by: str) -> dict[UUID, str]:
    """
    Take over what became of several attempts of one run, at most one report for each.

    One transaction, which also dispatches what became ready if the run does so by itself.

    :returns: why, for each attempt whose report was refused; each refusal leaves an event.
    """
    run = lock_run(run_id)
    attempts = _attempts(report.attempt_id for report in reports)
    refused: dict[UUID, str] = {}
    accepted: dict[TaskAttempt, Report] = {}
    for report in reports:
        attempt = attempts[report.attempt_id]
        if why := _objection(attempt, report):
            refused[report.attempt_id] = why
            _record_refusal(run, attempt, report, why, by=by)
        elif attempt.status != report.status:
            accepted[attempt] = report
    _take_over(run, accepted, by=by)
    faults.point("report.taken_over")
    if accepted:
        go_on(run, by=by)
        _offer_free_places(accepted, by=by)
    return refused


def start_attempts(
    run_id: int, attempt_ids: Sequence[UUID], *, lease: timedelta, by: str
) -> list[TaskAttempt]:
    """
    Claim attempts for execution by the caller; return those that nobody else has claimed.

    :param lease: how long the claim holds unless it is renewed.
    """
    with transaction.atomic():
        run = lock_run(run_id)
        attempts = _attempts(attempt_ids)
        won = {
            attempt: Report(attempt.pk, TaskState.RUNNING)
            for attempt in attempts.values()
            if attempt.status == TaskState.DISPATCHED
            and not _objection(attempt, Report(attempt.pk, TaskState.RUNNING))
        }
        _take_over(run, won, by=by, lease=lease)
        faults.point("start.claimed")
        run.save_progress()
    faults.point("start.committed")
    return list(won)


def _offer_free_places(reports: Mapping[TaskAttempt, Report], *, by: str) -> None:
    """After the commit, let other runs use the places that ended attempts have left."""
    freed = {
        attempt.runner.pk
        for attempt, report in reports.items()
        if report.status != TaskState.RUNNING and attempt.runner and attempt.runner.capacity
    }
    if freed:
        transaction.on_commit(lambda: dispatch_waiting(freed, by=by))


def _attempts(ids: Iterable[UUID]) -> dict[UUID, TaskAttempt]:
    return {
        attempt.pk: attempt
        for attempt in TaskAttempt.objects.select_related("task", "runner").filter(pk__in=list(ids))
    }


def _objection(attempt: TaskAttempt, report: Report) -> str:
    """Say why a report cannot be taken over; nothing, if it can or only repeats what is known."""
    if attempt.status == report.status:
        return ""
    task = attempt.task
    if attempt.number != task.attempt_count:
        return f"attempt {attempt.number} of task {task.pk} is outdated"
    if attempt.outcome or task.state not in ends(ARROWS[report.status])[0]:
        return f"task {task.pk} is {task.state}, it cannot become {report.status}"
    return ""


def _record_refusal(
    run: WorkflowRun, attempt: TaskAttempt, report: Report, why: str, *, by: str
) -> None:
    payload = {**report.event_payload(), "status": report.status}
    record(
        EventType.TASK_REPORT_REFUSED,
        run=run,
        task=attempt.task,
        by=by,
        reason=why,
        payload=payload,
    )


def _take_over(
    run: WorkflowRun, reports: Mapping[TaskAttempt, Report], *, by: str, lease: timedelta = NO_LEASE
) -> None:
    groups: dict[tuple[str, bool], dict[TaskAttempt, Report]] = defaultdict(dict)
    for attempt, report in reports.items():
        groups[report.status, report.is_lost][attempt] = report
    now = timezone.now()
    for (status, is_lost), group in groups.items():
        is_start = status == TaskState.RUNNING
        moment: Any = {"started_at" if is_start else "finished_at": now}
        move(
            run,
            [attempt.task for attempt in group],
            ARROWS[status],
            by=by,
            event_type=EventType.TASK_LOST if is_lost else "",
            payloads={attempt.task_id: report.event_payload() for attempt, report in group.items()},
            **moment,
        )
        if is_start:
            _write_start(
                list(group), started_at=now, lease_expires_at=now + lease if lease else None
            )
        else:
            _write_end(group, now)


def _write_start(attempts: Sequence[TaskAttempt], **columns: Any) -> None:
    for batch in batches(attempts):
        TaskAttempt.objects.filter(pk__in=[attempt.pk for attempt in batch]).update(**columns)
    for attempt in attempts:
        attempt.started_at = columns["started_at"]


def _write_end(reports: Mapping[TaskAttempt, Report], now: datetime) -> None:
    for attempt, report in reports.items():
        for name, value in _columns(report, now).items():
            setattr(attempt, name, value)
    first = next(iter(reports.values()))
    alike = all(_is_alike(first, report) for report in reports.values())
    for batch in batches(list(reports)):
        if alike:  # one plain statement, several times as quick as one with a value for each row
            ended = TaskAttempt.objects.filter(pk__in=[attempt.pk for attempt in batch])
            ended.update(**_columns(first, now))
        else:
            TaskAttempt.objects.bulk_update(batch, list(_columns(first, now)))


def _is_alike(one: Report, other: Report) -> bool:
    # Results are not compared: to Python, true and 1 are equal.
    said = [(report.status, report.exit_code, report.message) for report in (one, other)]
    return said[0] == said[1] and one.result is other.result is None


def _columns(report: Report, now: datetime) -> dict[str, Any]:
    return {
        "outcome": Outcome(report.status),
        "exit_code": report.exit_code,
        "result": report.result,
        "message": report.message,
        "finished_at": now,
        "lease_expires_at": None,
    }

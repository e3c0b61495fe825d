"""INBOUND: what became of attempts, whatever the transport."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from runners.models import Runner
from workflows import faults
from workflows.advance import dispatch_waiting, go_on
from workflows.errors import NotFound, ReportRefused
from workflows.events import Arrow, ends, record
from workflows.fleet import Fleet
from workflows.handout import Take
from workflows.locks import lock_run
from workflows.models import EventType, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.attempt import Outcome
from workflows.moves import batches, move
from workflows.sql import columns_of, execute, read, rows, select, together

ARROWS: Mapping[str, Arrow] = {
    TaskState.RUNNING: Task.start,
    TaskState.SUCCESS: Task.succeed,
    TaskState.FAILED: Task.fail,
    TaskState.CANCELED: Task.cancel,
}

NO_LEASE = timedelta()

ATTEMPT = TaskAttempt._meta.db_table
TASK = Task._meta.db_table

STANDINGS = f"""
    SELECT attempt.id, attempt.number, attempt.outcome, attempt.started_at,
           task.id, task.state, task.attempt_count, runner.id, runner.capacity
      FROM {ATTEMPT} attempt
      JOIN {TASK} task ON task.id = attempt.task_id
      LEFT JOIN {Runner._meta.db_table} runner ON runner.id = attempt.runner_id
     WHERE attempt.id = ANY(%(attempts)s::uuid[])
"""

# Of an attempt that nobody has started, and that its task has not outlived.
WAITING = f"""
    SELECT {columns_of(TaskAttempt, "attempt")}
      FROM {ATTEMPT} attempt JOIN {TASK} task ON task.id = attempt.task_id
     WHERE attempt.outcome = '' AND attempt.started_at IS NULL AND task.run_id = %(run)s
       AND task.state = 'dispatched' AND task.attempt_count = attempt.number
"""
WAITING_AMONG = f"{WAITING} AND attempt.id = ANY(%(attempts)s::uuid[])"
WAITING_LOCALLY = f"""
    {WAITING} AND attempt.runner_kind = 'local' ORDER BY attempt.dispatched_at LIMIT %(room)s
"""

WRITE_STARTS = f"""
    UPDATE {ATTEMPT} SET started_at = %(now)s, lease_expires_at = %(lease_expires_at)s
     WHERE id = ANY(%(attempts)s::uuid[])
"""
WRITE_ENDS = f"""
    UPDATE {ATTEMPT}
       SET outcome = said.outcome, exit_code = said.exit_code, result = said.result::jsonb,
           message = said.message, finished_at = %(now)s, lease_expires_at = NULL
      FROM jsonb_to_recordset(%(ends)s)
           AS said(id uuid, outcome text, exit_code integer, result text, message text)
     WHERE {ATTEMPT}.id = said.id
"""


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


@transaction.atomic(savepoint=False)
@together()
def report_all(
    run_id: int, reports: Sequence[Report], *, by: str, take: Take | None = None
) -> dict[UUID, str]:
    """
    Take over what became of several attempts of one run, at most one report for each.

    One transaction, which also dispatches what became ready if the run does so by itself.

    :param take: the executor that reports; it starts what comes next in the same transaction.
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
    if take and take.room and run.dispatched_count:
        _take_waiting(run, take)
    if accepted:
        go_on(run, by=by, take=take)
        _offer_free_places(accepted, by=by)
    elif take and take.taken:
        run.save_progress()
    return refused


def start_attempts(
    run_id: int, attempt_ids: Sequence[UUID], *, lease: timedelta, by: str
) -> list[TaskAttempt]:
    """
    Claim attempts for execution by the caller; return those that nobody else has claimed.

    :param lease: how long the claim holds unless it is renewed.
    """
    with transaction.atomic(), together():
        run = lock_run(run_id)
        waiting = _waiting(
            WAITING_AMONG, run, attempts=[attempt_id.hex for attempt_id in attempt_ids]
        )
        _start(run, waiting, lease=lease, by=by)
        faults.point("start.claimed")
        run.save_progress()
    faults.point("start.committed")
    return waiting


def _take_waiting(run: WorkflowRun, take: Take) -> None:
    """Start what was handed out earlier, the oldest first."""
    waiting = _waiting(WAITING_LOCALLY, run, room=take.room - len(take.taken))
    _start(run, waiting, lease=take.lease, by=take.by)
    take.taken += waiting


def _waiting(statement: str, run: WorkflowRun, **which: Any) -> list[TaskAttempt]:
    attempts = read(TaskAttempt, statement, run=run.pk, **which)
    runners = Fleet().runners if attempts else {}
    for attempt in attempts:
        attempt.runner = runners.get(attempt.runner_id)
        attempt.task = Task(
            pk=attempt.task_id,
            run=run,
            state=TaskState.DISPATCHED,
            attempt_count=attempt.number,
        )
    return attempts


def _start(run: WorkflowRun, attempts: Sequence[TaskAttempt], *, lease: timedelta, by: str) -> None:
    if attempts:
        reports = {each: Report(each.pk, TaskState.RUNNING) for each in attempts}
        _take_over(run, reports, by=by, lease=lease)


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
    """Return where attempts and their tasks stand; nothing else of them is read."""
    found = select(STANDINGS, attempts=[attempt_id.hex for attempt_id in ids])
    standings = [_standing(*row) for row in found]
    return {attempt.pk: attempt for attempt in standings}


def _standing(
    pk: Any,
    number: int,
    outcome: str,
    started_at: Any,
    task: int,
    state: str,
    attempt_count: int,
    runner: int | None,
    capacity: int | None,
) -> TaskAttempt:
    return TaskAttempt(
        pk=UUID(str(pk)),
        number=number,
        outcome=outcome,
        started_at=started_at,
        task=Task(pk=task, state=state, attempt_count=attempt_count),
        # Only one that may be full is of interest.
        runner=Runner(pk=runner, capacity=capacity) if capacity else None,
    )


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
            _write_start(list(group), now, now + lease if lease else None)
        else:
            _write_end(list(group.values()), now)


def _write_start(
    attempts: Sequence[TaskAttempt], now: datetime, lease_expires_at: datetime | None
) -> None:
    for batch in batches(attempts):
        ids = [attempt.pk.hex for attempt in batch]
        execute(WRITE_STARTS, attempts=ids, now=now, lease_expires_at=lease_expires_at)
    for attempt in attempts:
        attempt.started_at = now


def _write_end(reports: Sequence[Report], now: datetime) -> None:
    for batch in batches(reports):
        execute(WRITE_ENDS, now=now, ends=rows(map(_end, batch)))


def _end(report: Report) -> dict[str, Any]:
    return {
        "id": report.attempt_id,
        "outcome": str(Outcome(report.status)),
        "exit_code": report.exit_code,
        "result": None if report.result is None else json.dumps(report.result),
        "message": report.message,
    }

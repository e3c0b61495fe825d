"""INBOUND: what became of attempts, whatever the transport."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from runners.models import Runner
from workflows.db import failpoints
from workflows.db.statements import Sql, execute, pipeline, prefetch_query, rows, select
from workflows.dispatch.auto_dispatch import advance_run, dispatch_waiting
from workflows.dispatch.claims import Take, begin, take_waiting
from workflows.dispatch.runner_pool import ALL_RUNNERS, RunnerPool
from workflows.errors import NotFound, ReportRefused
from workflows.models import EventType, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.actor import Actor
from workflows.models.attempt import Outcome, status_of
from workflows.runs.events import Transition, record, states_of
from workflows.runs.locks import lock_run
from workflows.runs.transitions import (
    RecordedTransition,
    batches,
    save_progress,
    transition_tasks_along,
)

ARROWS: Mapping[str, Transition] = {
    TaskState.RUNNING: Task.start,
    TaskState.SUCCESS: Task.succeed,
    TaskState.FAILED: Task.fail,
    TaskState.CANCELED: Task.cancel,
}

ATTEMPT = TaskAttempt._meta.db_table

STANDINGS = f"""
    SELECT attempt.id, attempt.number, attempt.outcome, attempt.started_at,
           task.id, task.state, task.attempt_count, runner.id, runner.capacity
      FROM {ATTEMPT} attempt
      JOIN {Task._meta.db_table} task ON task.id = attempt.task_id
      LEFT JOIN {Runner._meta.db_table} runner ON runner.id = attempt.runner_id
     WHERE attempt.id = ANY(%(attempts)s::uuid[])
"""
STARTED_AT = f"""
    (SELECT started_at FROM {ATTEMPT}
      WHERE task_id = {Task._meta.db_table}.id AND number = {Task._meta.db_table}.attempt_count)
"""
RUN_OF = f"""
    SELECT task.run_id FROM {ATTEMPT} attempt JOIN {Task._meta.db_table} task
           ON task.id = attempt.task_id WHERE attempt.id = %(attempt)s::uuid
"""
WRITE_ENDS = f"""
    UPDATE {ATTEMPT}
       SET outcome = said.outcome, exit_code = said.exit_code, result = said.result::jsonb,
           message = said.message, finished_at = %(now)s, lease_expires_at = NULL,
           started_at = COALESCE({ATTEMPT}.started_at, said.started_at)
      FROM jsonb_to_recordset(%(ends)s)
           AS said(id uuid, outcome text, exit_code integer, result text, message text,
                   started_at timestamptz)
     WHERE {ATTEMPT}.id = said.id
"""


@dataclass(slots=True, eq=False)
class Standing:
    """A task, and an attempt of it that something is said about, under the run's lock."""

    number: int
    outcome: str
    started_at: Any
    pk: int
    state: str
    attempt_count: int
    runner_id: int | None
    capacity: int | None

    @property
    def status(self) -> str:
        """The task's state as far as this attempt took it."""
        return status_of(self.outcome, self.started_at)


@dataclass(frozen=True, slots=True)
class Report:
    """What a runner says of one attempt. `status` is a key of ARROWS."""

    attempt_id: UUID
    status: str
    exit_code: int | None = None
    result: Any = None
    message: str = ""
    started_at: datetime | None = None
    """When it began, of an attempt whose start has not been told."""
    is_lost: bool = False
    """Nobody reports on the attempt any more; said by rescue, on definite evidence."""

    def event_payload(self) -> dict[str, Any]:
        """Return what the trail keeps of it."""
        return {
            "attempt_id": str(self.attempt_id),
            **({"exit_code": self.exit_code} if self.exit_code is not None else {}),
            **({"message": self.message} if self.message else {}),
        }


def apply_report(report: Report, *, by: Actor) -> None:
    """
    Take over one report; a repeated identical one changes nothing.

    :raises NotFound: if there is no such attempt.
    :raises ReportRefused: if the attempt is outdated, or its task has no such move.
    """
    found = select(RUN_OF, attempt=report.attempt_id.hex)
    if not found:
        raise NotFound("attempt", report.attempt_id)
    [(run_id,)] = found
    if refused := apply_reports(run_id or 0, [report], by=by):
        raise ReportRefused(refused[report.attempt_id])


@transaction.atomic(savepoint=False)
@pipeline()
def apply_reports(
    run_id: int, reports: Sequence[Report], *, by: Actor, take: Take | None = None
) -> dict[UUID, str]:
    """
    Take over what became of several attempts of one run, at most one report for each.

    One transaction, which also dispatches what became ready if the run does so by itself.

    :param take: the executor that reports; it starts what comes next in the same transaction.
    :returns: why, for each attempt whose report was refused; each refusal leaves an event.
    """
    attempts = [report.attempt_id.hex for report in reports]
    prefetch_query(STANDINGS, attempts=attempts)
    prefetch_query(ALL_RUNNERS)
    run = lock_run(run_id)
    standings = _standings(attempts)
    refused: dict[UUID, str] = {}
    accepted: dict[Standing, Report] = {}
    for report in reports:
        standing = standings[report.attempt_id]
        if why := _objection(standing, report):
            refused[report.attempt_id] = why
            _record_refusal(run, standing, report, why, by=by)
        elif standing.status != report.status:
            accepted[standing] = report
    _take_over(run, accepted, by=by)
    failpoints.point("report.taken_over")
    pool = RunnerPool()
    if take and take.left and run.dispatched_count:
        take_waiting(run, take, pool)
    if accepted:
        advance_run(run, by=by, take=take, pool=pool)
        _offer_free_places(accepted, by=by)
    elif take and take.taken:
        save_progress(run)
    return refused


def _offer_free_places(reports: Mapping[Standing, Report], *, by: Actor) -> None:
    """After the commit, let other runs use the places that ended attempts have left."""
    freed = {
        standing.runner_id
        for standing, report in reports.items()
        if report.status != TaskState.RUNNING and standing.runner_id and standing.capacity
    }
    if freed:
        transaction.on_commit(lambda: dispatch_waiting(freed, by=by))


def _standings(attempts: Sequence[str]) -> dict[UUID, Standing]:
    found = select(STANDINGS, attempts=attempts)
    return {UUID(str(attempt)): Standing(*rest) for attempt, *rest in found}


def _objection(standing: Standing, report: Report) -> str:
    """Say why a report cannot be taken over; nothing, if it can or only repeats what is known."""
    if standing.status == report.status:
        return ""
    if standing.number != standing.attempt_count:
        return f"attempt {standing.number} of task {standing.pk} is outdated"
    if standing.outcome or standing.state not in states_of(ARROWS[report.status])[0]:
        return f"task {standing.pk} is {standing.state}, it cannot become {report.status}"
    return ""


def _record_refusal(
    run: WorkflowRun, standing: Standing, report: Report, why: str, *, by: Actor
) -> None:
    payload = {**report.event_payload(), "status": report.status}
    record(
        EventType.TASK_REPORT_REFUSED,
        run=run,
        task=Task(pk=standing.pk),
        by=by,
        reason=why,
        payload=payload,
    )


def _take_over(run: WorkflowRun, reports: Mapping[Standing, Report], *, by: Actor) -> None:
    groups: dict[tuple[str, bool, bool], dict[Standing, Report]] = defaultdict(dict)
    for standing, report in reports.items():
        begins = report.started_at is not None and standing.started_at is None
        groups[report.status, report.is_lost, begins][standing] = report
    for (status, is_lost, begins), group in groups.items():
        if status == TaskState.RUNNING:
            ids = [report.attempt_id for report in group.values()]
            begin(run, list(group), ids, lease=None, by=by)
        else:
            _end_all(run, group, status, is_lost=is_lost, begins=begins, by=by)


def _end_all(
    run: WorkflowRun,
    reports: Mapping[Standing, Report],
    status: str,
    *,
    is_lost: bool,
    begins: bool,
    by: Actor,
) -> None:
    now = timezone.now()
    for batch in batches(list(reports.values())):
        execute(WRITE_ENDS, now=now, ends=rows(map(_end, batch)))
    ids = {standing.pk: {"attempt_id": str(r.attempt_id)} for standing, r in reports.items()}
    ends = {standing.pk: report.event_payload() for standing, report in reports.items()}
    event_type = EventType.TASK_LOST if is_lost else ""
    transition_tasks_along(
        run,
        list(reports),
        [
            *([RecordedTransition(Task.start, ids)] if begins else []),
            RecordedTransition(ARROWS[status], ends, event_type),
        ],
        by=by,
        **({"started_at": Sql(STARTED_AT)} if begins else {}),
        finished_at=now,
    )


def _end(report: Report) -> dict[str, Any]:
    return {
        "id": report.attempt_id,
        "outcome": str(Outcome(report.status)),
        "exit_code": report.exit_code,
        "result": None if report.result is None else json.dumps(report.result),
        "message": report.message,
        "started_at": report.started_at,
    }

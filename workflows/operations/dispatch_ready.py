"""OUTBOUND: ready tasks are handed to their runners."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from runners.base import Submission
from workflows.db import failpoints
from workflows.db.statements import together
from workflows.dispatch.attempts import hand_out
from workflows.dispatch.result import Dispatch, DispatchResult
from workflows.dispatch.runner_pool import Fleet
from workflows.dispatch.submission import is_to_submit, submit
from workflows.errors import RunNotDispatchable
from workflows.models import Event, EventType, RunState, Task, TaskAttempt, WorkflowRun
from workflows.models.run import CLOSED
from workflows.reports.recovery import settle_overdue
from workflows.runs.completion import roll_up
from workflows.runs.events import record
from workflows.runs.locks import lock_run
from workflows.runs.readiness import NOTHING_LEFT, PRECEDENCE, Blocked, blocked_tasks

MOST_KEPT = 100
"""How many entries of an answer's lists the run keeps; the answer itself has all of them."""


@dataclass(slots=True)
class _Call:
    """One call of dispatch-ready, over all of its rounds."""

    run_id: int
    limit: int | None
    by: str
    dry_run: bool
    fleet: Fleet = field(default_factory=Fleet)
    handed_out: list[TaskAttempt] = field(default_factory=list)
    sent: dict[TaskAttempt, Dispatch] = field(default_factory=dict)

    @property
    def room(self) -> int | None:
        return None if self.limit is None else self.limit - len(self.sent)

    @property
    def dispatches(self) -> tuple[Dispatch, ...]:
        return tuple(filter(None, map(self.sent.get, self.handed_out)))


def dispatch_ready(
    run_id: int, *, limit: int | None = 1, dry_run: bool = False, by: str
) -> DispatchResult:
    """
    Dispatch the first ready tasks of a run, in the template's order.

    Asking twice is harmless: a dispatched task is no longer ready. Runners are called once the
    transaction has committed, so they never hear of work that was rolled back. What a runner
    refuses is pending again, and the next round tries the tasks of the other runners.

    :param limit: how many tasks at most; None for all that are ready.
    :param dry_run: answer as the real call would, and write nothing.
    :raises NotFound: if there is no such run.
    :raises RunNotDispatchable: if the run is paused or aborted.
    """
    result = _dispatch(_Call(run_id, limit, by, dry_run))
    # What is ready does not wait for runners that are silent about something else.
    if not result.dispatches and not dry_run and settle_overdue(run_id=run_id, by=by):
        result = _dispatch(_Call(run_id, limit, by, dry_run))
    return result


def _dispatch(call: _Call) -> DispatchResult:
    while (result := _round(call)) is None:
        failpoints.point("dispatch.committed")
        call.sent |= submit(call.handed_out, call.fleet, by=call.by)
    failpoints.point("dispatch.concluded")
    return result


def _round(call: _Call) -> DispatchResult | None:
    """Hand out what there is room for; the result, once no runner has to be called."""
    with transaction.atomic(), together():
        run = lock_run(call.run_id)
        if run.state in CLOSED and not call.handed_out:
            raise RunNotDispatchable(f"{run} is {run.state}")
        if run.auto_dispatch and run.state == RunState.CREATED:
            # The first word is given: what an approval or a release makes ready goes out by itself.
            run.start(by=call.by)
        handed_out = hand_out(run, call.room, call.fleet, by=call.by)
        call.handed_out += handed_out
        for attempt in handed_out:
            if call.dry_run or not is_to_submit(attempt):
                call.sent[attempt] = Dispatch.of(attempt, _foreseen(attempt))
        roll_up(run, by=call.by)
        failpoints.point("dispatch.handed_out")
        done = call.dry_run or not any(map(is_to_submit, handed_out))
        result = _conclude(run, call) if done else None
        run.save_progress(with_answer=done)
        if call.dry_run:
            transaction.set_rollback(True)
    return result


def _foreseen(attempt: TaskAttempt) -> Submission:
    """Say what becomes of an attempt whose runner need not be called, or will not be (dry run)."""
    return Submission(
        submitted=not attempt.outcome,
        runner=attempt.runner_name,
        runner_url=None,
        runner_task_status=attempt.outcome or "queued",
        message=attempt.message or f"waits for runner {attempt.runner_name}",
    )


def _conclude(run: WorkflowRun, call: _Call) -> DispatchResult:
    """Answer, and keep the answer with the run."""
    blocked: tuple[Blocked, ...] = ()
    reason = None
    if not call.sent:
        blocked = (*_refused(run, call.fleet), *blocked_tasks(run))
        reason = _reason(blocked)
        _note_nothing_ready(run, reason, len(blocked), by=call.by)
    result = DispatchResult(
        run.pk, call.limit, call.dispatches, reason, blocked, dry_run=call.dry_run
    )
    run.last_dispatch = result.as_kept(MOST_KEPT)
    return result


def _refused(run: WorkflowRun, fleet: Fleet) -> Iterator[Blocked]:
    """Yield the ready tasks that were tried in this call and could not go out."""
    for task in Task.objects.ready().filter(run=run):
        if why := fleet.refusal_of(task):
            yield Blocked(task.pk, task.step_id, why)


def _reason(blocked: Sequence[Blocked]) -> str:
    """Return the reason that counts most: a refusal, then the order of the contract."""
    reasons = {task.reason: None for task in blocked}
    if not reasons:
        return NOTHING_LEFT
    refusals = [reason for reason in reasons if reason not in PRECEDENCE]
    return refusals[0] if refusals else min(reasons, key=PRECEDENCE.index)


def _note_nothing_ready(run: WorkflowRun, reason: str, blocked: int, *, by: str) -> None:
    """Write one event; an operator's tenth click in a row only counts up."""
    last = Event.objects.filter(run=run).order_by("-id").first()
    same = last and (last.event_type, last.reason, last.actor) == (
        EventType.NOTHING_READY,
        reason,
        by,
    )
    if last and same:
        last.payload = {"count": last.payload["count"] + 1, "blocked": blocked}
        last.save(update_fields=["payload"])
    else:
        payload = {"count": 1, "blocked": blocked}
        record(EventType.NOTHING_READY, run=run, by=by, reason=reason, payload=payload)

"""OUTBOUND: ready tasks are handed to their runners."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runners.base import LONGEST_TIMEOUT_S, RunnerError, Submission, TaskPayload
from runners.models import Runner
from workflows.errors import RunNotDispatchable
from workflows.events import record
from workflows.fleet import Fleet
from workflows.locks import lock_run
from workflows.models import Event, EventType, RunState, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.attempt import Outcome
from workflows.models.run import DISPATCHABLE
from workflows.moves import batches, move
from workflows.payloads import UnknownName, fill_in
from workflows.readiness import NOTHING_LEFT, Blocked, blocked_tasks
from workflows.results import Dispatch, DispatchResult
from workflows.rollup import roll_up

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
        return tuple(self.sent[attempt] for attempt in self.handed_out if attempt in self.sent)


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
    call = _Call(run_id, limit, by, dry_run)
    while (result := _round(call)) is None:
        call.sent |= submit(call.handed_out, call.fleet, by=by)
    return result


def go_on(run: WorkflowRun, *, by: str) -> None:
    """
    After something changed: dispatch what became ready if the run does so by itself, and roll up.

    The caller holds the run's lock. Runners that must be called are called after the commit.
    """
    if run.auto_dispatch and run.state == RunState.RUNNING:
        fleet = Fleet()
        handed_out = _hand_out(run, None, fleet, by=by)
        if any(_is_to_submit(attempt) for attempt in handed_out):
            transaction.on_commit(lambda: submit(handed_out, fleet, by=by))
    roll_up(run, by=by)
    run.save_progress()


def submit(
    attempts: Sequence[TaskAttempt], fleet: Fleet, *, by: str
) -> dict[TaskAttempt, Dispatch]:
    """
    Hand committed attempts to their runners, outside any transaction; return those that went out.

    An attempt that its runner certainly did not start is closed, and its task is pending again.
    """
    sent: dict[TaskAttempt, Dispatch] = {}
    for attempt in filter(_is_to_submit, attempts):
        runner = fleet.runners[attempt.runner_id]
        try:
            submission = runner.backend.submit(attempt.payload, runner.address)
        except RunnerError as exc:
            fleet.refuse(runner, str(exc))
            _take_back(attempt, f"runner {runner} refused: {exc}", by=by)
        else:
            sent[attempt] = Dispatch.of(attempt, submission)
            attempt.submitted_at = timezone.now()
            attempt.save(update_fields=["submitted_at"])
    return sent


def _round(call: _Call) -> DispatchResult | None:
    """Hand out what there is room for; the result, once no runner has to be called."""
    with transaction.atomic():
        run = lock_run(call.run_id)
        if run.state not in DISPATCHABLE and not call.handed_out:
            raise RunNotDispatchable(f"{run} is {run.state}")
        handed_out = _hand_out(run, call.room, call.fleet, by=call.by)
        call.handed_out += handed_out
        for attempt in handed_out:
            if call.dry_run or not _is_to_submit(attempt):
                call.sent[attempt] = Dispatch.of(attempt, _foreseen(attempt))
        roll_up(run, by=call.by)
        done = call.dry_run or not any(map(_is_to_submit, handed_out))
        result = _conclude(run, call) if done else None
        run.save_progress(*(["last_dispatch"] if done else []))
        transaction.set_rollback(call.dry_run)
    return result


def _hand_out(run: WorkflowRun, limit: int | None, fleet: Fleet, *, by: str) -> list[TaskAttempt]:
    """Move the first ready tasks to dispatched, each with its attempt: the outbox of submit()."""
    if run.state not in DISPATCHABLE:
        return []
    tasks = list(Task.objects.ready().filter(fleet.willing(), run=run)[:limit])
    if not tasks:
        return []
    if run.state == RunState.CREATED:
        run.start(by=by)
    attempts = _attempts(run, tasks, fleet)
    move(
        run,
        tasks,
        Task.dispatch,
        by=by,
        payloads={a.task_id: {"attempt_id": str(a.pk), "runner": a.runner_name} for a in attempts},
        dispatched_at=timezone.now(),
        attempt_count=F("attempt_count") + 1,
        **CLEARED,
    )
    for batch in batches(attempts):
        TaskAttempt.objects.bulk_create(batch)
    _fail_what_cannot_be_filled_in(run, attempts, by=by)
    return attempts


CLEARED: dict[str, Any] = {
    "note": "",
    "cancel_requested_at": None,
    "started_at": None,
    "finished_at": None,
}
"""What a task forgets when it begins anew; its attempts and the trail remember."""


def _attempts(run: WorkflowRun, tasks: Sequence[Task], fleet: Fleet) -> list[TaskAttempt]:
    payloads = fill_in(run, tasks)
    return [_attempt(task, payloads[task.pk], fleet.runner_of(task)) for task in tasks]


def _attempt(task: Task, payload: dict[str, Any] | UnknownName, runner: Runner) -> TaskAttempt:
    attempt = TaskAttempt(
        task=task,
        number=task.attempt_count + 1,
        runner=runner,
        runner_name=runner.name,
        runner_kind=runner.kind,
        payload=task.payload,
        timeout_seconds=task.timeout_seconds or LONGEST_TIMEOUT_S,
    )
    if isinstance(payload, UnknownName):
        attempt.outcome, attempt.message = Outcome.FAILED, str(payload)
        attempt.finished_at = attempt.dispatched_at
        return attempt
    attempt.payload = runner.backend.wire(
        TaskPayload(
            task_id=task.pk,
            run_id=task.run_id or 0,
            attempt_id=str(attempt.pk),
            title=task.title,
            payload=payload,
            timeout_seconds=attempt.timeout_seconds,
        )
    )
    if runner.backend.pulls:
        attempt.submitted_at = attempt.dispatched_at
    return attempt


def _fail_what_cannot_be_filled_in(
    run: WorkflowRun, attempts: Sequence[TaskAttempt], *, by: str
) -> None:
    broken = {attempt.task: attempt for attempt in attempts if attempt.outcome}
    if broken:
        reasons = {task.pk: {"message": attempt.message} for task, attempt in broken.items()}
        move(run, list(broken), Task.fail, by=by, payloads=reasons, finished_at=timezone.now())


def _is_to_submit(attempt: TaskAttempt) -> bool:
    return not attempt.submitted_at and not attempt.outcome


def _foreseen(attempt: TaskAttempt) -> Submission:
    """Say what becomes of an attempt whose runner need not be called, or will not be (dry run)."""
    return Submission(
        submitted=not attempt.outcome,
        runner=attempt.runner_name,
        runner_url=None,
        runner_task_status=attempt.outcome or "queued",
        message=attempt.message or f"waits for runner {attempt.runner_name}",
    )


@transaction.atomic
def _take_back(attempt: TaskAttempt, why: str, *, by: str) -> None:
    """Return a task to the queue, unless something else has happened to it meanwhile."""
    run = lock_run(attempt.task.run_id or 0)
    task = Task.objects.get(pk=attempt.task_id)
    closed = (
        TaskAttempt.objects.open()
        .filter(pk=attempt.pk)
        .update(outcome=Outcome.REFUSED, message=why, finished_at=timezone.now())
    )
    attempt.outcome = Outcome.REFUSED
    if closed and task.state == TaskState.DISPATCHED:
        move(run, [task], Task.take_back, by=by, reason=why, note=why, dispatched_at=None)
        run.save_progress()


def _conclude(run: WorkflowRun, call: _Call) -> DispatchResult:
    """Answer, and keep the answer with the run."""
    blocked: tuple[Blocked, ...] = ()
    reason = None
    if not call.sent:
        blocked = (*_refused(run, call.fleet), *blocked_tasks(run))
        reason = blocked[0].reason if blocked else NOTHING_LEFT
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

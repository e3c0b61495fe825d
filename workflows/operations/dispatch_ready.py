"""Dispatches ready tasks of a run and submits them to their runners."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from runners import transaction
from workflows.db import failpoints
from workflows.db.doors import check_outermost
from workflows.db.statements import pipeline
from workflows.dispatch.attempts import create_attempts
from workflows.dispatch.result import (
    MOST_KEPT,
    Dispatch,
    DispatchResult,
    record_nothing_ready,
    why_nothing_dispatched,
)
from workflows.dispatch.runner_pool import RunnerPool
from workflows.dispatch.submission import is_to_submit, submit
from workflows.errors import NotFound
from workflows.models import RunState, Task, TaskAttempt, WorkflowRun
from workflows.models.actor import Actor, By, as_actor
from workflows.operations.checks import check_dispatch_ready, check_dispatch_task, enforce
from workflows.operations.trouble import says_what_is_wrong
from workflows.reports.recovery import recover_overdue
from workflows.runs.completion import close_run_if_finished
from workflows.runs.locks import lock_run
from workflows.runs.transitions import save_progress


@says_what_is_wrong
def dispatch_ready(
    run_id: int,
    *,
    limit: int | None = 1,
    dry_run: bool = False,
    task_id: int | None = None,
    by: By,
) -> DispatchResult:
    """
    Dispatch the first ready tasks of a run, in the template's order.

    A repeated call is harmless: a dispatched task is no longer ready. Runners are called after the
    commit, so they never get a task whose dispatch was rolled back. A task that its runner refuses
    is pending again, and the next round tries tasks of other runners instead. So call it outside
    any transaction.

    :param limit: how many tasks at most; None for all that are ready.
    :param dry_run: return what the real call would, and write nothing.
    :param task_id: dispatch this task, though others may be ready before it; the result says why
        it was not, if so.
    :raises NotFound: if there is no such run, or no such task in it.
    :raises RunNotDispatchable: if the run is paused or aborted.
    :raises InsideTransaction: if the caller has a transaction.
    """
    by = as_actor(by)
    check_outermost("dispatch_ready")
    result = DispatchCall(run_id, limit, by, dry_run, task_id).execute()
    # Only if nothing is ready: recovery may have to wait for runners that do not respond.
    if not result.dispatches and not dry_run and recover_overdue(run_id=run_id, by=by):
        result = DispatchCall(run_id, limit, by, dry_run, task_id).execute()
    return result


def dispatch_task(task_id: int, *, by: By) -> DispatchResult:
    """
    Dispatch one task of a run if it is ready, or return why it is not; otherwise as above.

    :raises NotFound: if there is no such task.
    :raises Conflict: if it is not pending, or in no run.
    """
    by = as_actor(by)
    task = Task.objects.select_related("run").filter(pk=task_id).first()
    if task is None:
        raise NotFound("task", task_id)
    enforce(check_dispatch_task(task, by))
    return dispatch_ready(task.run_id or 0, task_id=task_id, by=by)


@dataclass(frozen=True, slots=True)
class Round:
    """One transaction of a call: attempts to submit after it, or the result of the call."""

    to_submit: Sequence[TaskAttempt] = ()
    result: DispatchResult | None = None


@dataclass(slots=True)
class DispatchCall:
    """One call of dispatch-ready: as many rounds as it takes until no runner has to be called."""

    run_id: int
    limit: int | None
    by: Actor
    dry_run: bool
    task_id: int | None = None
    pool: RunnerPool = field(default_factory=RunnerPool)
    created: list[TaskAttempt] = field(default_factory=list)
    sent: dict[TaskAttempt, Dispatch] = field(default_factory=dict)

    def execute(self) -> DispatchResult:
        """Run the rounds, and submit after each what it has created; return the result."""
        while (result := (current := self._round()).result) is None:
            failpoints.point("dispatch.committed")
            self.sent |= submit(current.to_submit, self.pool, by=self.by)
        failpoints.point("dispatch.concluded")
        return result

    def _round(self) -> Round:
        with transaction.atomic(), pipeline():
            run = self._lock()
            self._start(run)
            to_submit = self._create_attempts(run)
            close_run_if_finished(run, by=self.by)
            failpoints.point("dispatch.created")
            result = None if to_submit else self._conclude(run)
            self._save(run, result)
        return Round(to_submit, result)

    def _lock(self) -> WorkflowRun:
        run = lock_run(self.run_id)
        if not self.created:
            enforce(check_dispatch_ready(run, self.by))
            self._check_task(run)
        return run

    def _check_task(self, run: WorkflowRun) -> None:
        if self.task_id and not Task.objects.filter(run=run, pk=self.task_id).exists():
            raise NotFound("task", f"{self.task_id} of {run}")

    def _start(self, run: WorkflowRun) -> None:
        """Start a run with auto-dispatch even if nothing is ready: from now on it dispatches."""
        if run.auto_dispatch and run.state == RunState.CREATED:
            run.start(by=self.by)

    def _create_attempts(self, run: WorkflowRun) -> list[TaskAttempt]:
        """Create attempts up to the limit; return those that must be submitted."""
        limit = None if self.limit is None else self.limit - len(self.sent)
        created, _ = create_attempts(run, limit, self.pool, by=self.by, task_id=self.task_id)
        self.created += created
        for attempt in created:
            if self.dry_run or not is_to_submit(attempt):
                self.sent[attempt] = Dispatch.unsubmitted(attempt)
        return [attempt for attempt in created if attempt not in self.sent]

    def _conclude(self, run: WorkflowRun) -> DispatchResult:
        dispatches = tuple(self.sent[each] for each in self.created if each in self.sent)
        result = DispatchResult(run.pk, self.limit, dispatches, dry_run=self.dry_run)
        if dispatches:
            return result
        reason, blocked = why_nothing_dispatched(run, self.pool, self.task_id)
        record_nothing_ready(run, reason, len(blocked), by=self.by)
        return replace(result, reason=reason, blocked=blocked)

    def _save(self, run: WorkflowRun, result: DispatchResult | None) -> None:
        if result:
            run.last_dispatch = result.as_kept(MOST_KEPT)
        save_progress(run, with_answer=result is not None)
        if self.dry_run:
            transaction.set_rollback(True)

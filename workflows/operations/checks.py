"""
When an operation is refused, and with which words: each rule is written here and nowhere else.

A check looks at a row as it was loaded and returns the refusal, or None if the operation would
succeed. The operation asks it under the lock and raises the refusal; the admin asks it to offer a
button, to grey it out with the reason, or to leave it out. Load tasks with their run, and
approvals with their task and its run, or each check costs a statement more.

What is wrong with the arguments of an operation (a missing reason, a moment that has passed) is not
checked here: the operation itself raises `Invalid`.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta

from workflows.dispatch.leases import EXECUTOR_LEASE, lease_left
from workflows.errors import Conflict, NotPermitted, RunNotDispatchable, WorkflowError, WrongState
from workflows.models import (
    Approval,
    ApprovalStatus,
    RunState,
    Task,
    TaskAttempt,
    TaskState,
    WorkflowRun,
)
from workflows.models.actor import Actor
from workflows.models.run import CLOSED, DISPATCHABLE
from workflows.models.task import ACTIVE
from workflows.operations.paths import downstream_ids, passed_gates
from workflows.payloads.expressions import references
from workflows.payloads.names import PARAMS
from workflows.runs.events import Transition, states_of

Refusal = WorkflowError | None
DECIDE = "workflows.decide_approval"


def enforce(refusal: Refusal) -> None:
    """Raise a refusal, if there is one."""
    if refusal:
        raise refusal


def check_dispatch_ready(run: WorkflowRun, by: Actor) -> Refusal:
    """Refuse a paused or aborted run; one that has ended answers that nothing is ready."""
    return RunNotDispatchable(f"{run} is {run.state}") if run.state in CLOSED else None


def check_dispatch_task(task: Task, by: Actor) -> Refusal:
    """Refuse a task that is not pending, one in no run, and one of a paused or aborted run."""
    if wrong := _check_state(task, {TaskState.PENDING}):
        return wrong
    if task.run is None:
        return WrongState(f"task {task.pk} is in no run")
    refused = check_dispatch_ready(task.run, by)
    return Conflict(refused.detail) if refused else None


def check_pause(run: WorkflowRun, by: Actor) -> Refusal:
    """Refuse a run that is paused or finished."""
    return _check_state(run, DISPATCHABLE)


def check_resume(run: WorkflowRun, by: Actor) -> Refusal:
    """Refuse a run that is not paused."""
    return _check_transition(run, WorkflowRun.resume)


def check_abort(run: WorkflowRun, by: Actor) -> Refusal:
    """Refuse a run that is finished."""
    return _check_transition(run, WorkflowRun.abort)


def check_auto_dispatch(run: WorkflowRun, by: Actor) -> Refusal:
    """Refuse an aborted run; any other may go on, at least after a retry."""
    return WrongState(f"{run} is {run.state}") if run.state == RunState.ABORTED else None


def check_keep(run: WorkflowRun, by: Actor) -> Refusal:
    """Refuse a run that somebody keeps already."""
    return WrongState(f"{run} is kept by {run.kept_by}") if run.kept_at else None


def check_let_go(run: WorkflowRun, by: Actor) -> Refusal:
    """Refuse a run that nobody keeps."""
    return None if run.kept_at else WrongState(f"nobody keeps {run}")


def check_auto_dispatch_on(run: WorkflowRun, by: Actor) -> Refusal:
    """Refuse an aborted run, and one that dispatches by itself already."""
    is_on = WrongState(f"auto-dispatch of {run} is on") if run.auto_dispatch else None
    return check_auto_dispatch(run, by) or is_on


def check_auto_dispatch_off(run: WorkflowRun, by: Actor) -> Refusal:
    """Refuse an aborted run, and one that does not dispatch by itself."""
    is_off = None if run.auto_dispatch else WrongState(f"auto-dispatch of {run} is off")
    return check_auto_dispatch(run, by) or is_off


def check_always(run: WorkflowRun, by: Actor) -> Refusal:
    """Refuse no run: what is said about it changes nothing else, even once it is aborted."""
    return None


def check_cancel_rest(run: WorkflowRun, by: Actor) -> Refusal:
    """Refuse an aborted run, and one in which no task waits for a failed or canceled one."""
    if run.state == RunState.ABORTED:
        return WrongState(f"{run} is {run.state}")
    # The counters answer for most runs; only a few are worth the statement.
    may_be_blocked = run.pending_count and run.broken_count
    if may_be_blocked and Task.objects.root_causes().filter(run=run).exists():
        return None
    return Conflict(f"nothing in {run} waits for a failed or canceled task")


def check_cancel(task: Task, by: Actor) -> Refusal:
    """Refuse a task that has ended."""
    return _check_transition(task, Task.cancel)


def check_retry(task: Task, by: Actor) -> Refusal:
    """Refuse a task that is neither failed nor canceled, or whose run is aborted."""
    refused = _check_transition(task, Task.retry) or _check_run_of(task)
    return refused or check_secrets_of(task.run, [task])


def check_mark_success(task: Task, by: Actor) -> Refusal:
    """
    Refuse a task that is neither failed nor canceled, or whose run is aborted.

    Past a gate that is open or refused, only somebody who may decide its approval.
    """
    of_state = _check_transition(task, Task.mark_success) or _check_run_of(task)
    return of_state or _check_gates(task, by)


def check_retry_failed(run: WorkflowRun, by: Actor) -> Refusal:
    """Refuse an aborted run, and one in which nothing has failed or was canceled."""
    if run.state == RunState.ABORTED:
        return WrongState(f"{run} is {run.state}")
    nothing = WrongState(f"nothing in {run} has failed or was canceled")
    return None if run.broken_count else nothing


def check_retry_downstream(task: Task, by: Actor) -> Refusal:
    """Refuse a task that has not ended, whose run is aborted, or with an active one after it."""
    refused = _check_transition(task, Task.reset) or _check_run_of(task) or _check_downstream(task)
    return refused or check_secrets_of(task.run, [task])


def check_secrets_of(run: WorkflowRun | None, tasks: Iterable[Task]) -> Refusal:
    """Refuse tasks that need a secret which retention has removed: they would wait forever."""
    if not (run and run.secrets_removed_at and run.secret_names):
        return None
    for task in tasks:
        for _, (of, *path) in references(task.payload):
            if of == PARAMS and path and path[0] in run.secret_names:
                removed = f"was removed on {run.secrets_removed_at:%Y-%m-%d}: start a new run"
                return Conflict(f"task {task.pk} needs {path[0]}, a secret that {removed}")
    return None


def check_hold(task: Task, by: Actor) -> Refusal:
    """Refuse a task that is not pending, or on hold already."""
    on_hold = WrongState(f"task {task.pk} is on hold") if task.is_held else None
    return _check_state(task, {TaskState.PENDING}) or on_hold


def check_release(task: Task, by: Actor) -> Refusal:
    """Refuse a task that is not on hold; one that was canceled while on hold still is."""
    return None if task.is_held else WrongState(f"task {task.pk} is not on hold")


def check_ask(task: Task, by: Actor) -> Refusal:
    """Refuse a task without an open attempt, and one whose runner cannot be asked."""
    if (attempt := _open_attempt(task)) is None:
        return WrongState(f"no attempt of task {task.pk} is open: it is {task.state}")
    if attempt.backend.claims:
        return WrongState(
            f"task {task.pk} cannot be asked about: executors of {attempt.runner_name} report by "
            "themselves"
        )
    if not attempt.submitted_at:
        return WrongState(f"task {task.pk} has not been submitted to {attempt.runner_name} yet")
    return None


def check_declare_lost(task: Task, by: Actor) -> Refusal:
    """
    Refuse a task without an open attempt, and one that an executor answers for.

    An attempt at a host may always be given up: nobody but a person can know that it is lost.
    """
    if (attempt := _open_attempt(task)) is None:
        return WrongState(f"no attempt of task {task.pk} is open: it is {task.state}")
    if not attempt.backend.claims:
        return None
    if not attempt.is_claimed:
        return WrongState(f"no executor has claimed task {task.pk} yet: cancel it instead")
    left = lease_left(attempt)
    if left is None or left <= timedelta():
        return None
    ago = max(0, round((EXECUTOR_LEASE - left).total_seconds()))
    return WrongState(
        f"task {task.pk}: its executor renewed its claim {ago} s ago: cancel it instead"
    )


def check_decision(approval: Approval, by: Actor) -> Refusal:
    """Refuse a decided approval, one of an ended task, or one that this person may not decide."""
    task, run = approval.task, approval.task.run
    if approval.status != ApprovalStatus.PENDING:
        return WrongState(f"{approval} is {approval.status}")
    if task.state != TaskState.PENDING:
        return Conflict(f"task {task.pk} is {task.state}")
    return _check_person(run, by)


def _check_gates(task: Task, by: Actor) -> Refusal:
    gate = next(iter(passed_gates(task)), None)
    if gate is None:
        return None
    if not by.may(DECIDE):
        return NotPermitted(
            f"nobody has approved task {gate.pk} ({gate}); this needs the permission {DECIDE}"
        )
    return _check_person(task.run, by)


def _check_person(run: WorkflowRun | None, by: Actor) -> Refusal:
    if run and run.approver_must_differ and by.may_be(run.creator):
        return Conflict(f"{run} was created by {by}; somebody else must decide")
    return None


def _open_attempt(task: Task) -> TaskAttempt | None:
    if task.state not in ACTIVE:
        return None
    return TaskAttempt.objects.open().filter(task=task.pk).defer("payload", "result").first()


def _check_transition(row: WorkflowRun | Task, transition: Transition) -> Refusal:
    sources, _ = states_of(transition)
    return _check_state(row, sources)


def _check_state(row: WorkflowRun | Task, allowed: Collection[str]) -> Refusal:
    if row.state in allowed:
        return None
    name = f"task {row.pk}" if isinstance(row, Task) else row
    return WrongState(f"{name} is {row.state}")


def _check_run_of(task: Task) -> Refusal:
    run = task.run
    return Conflict(f"{run} is {run.state}") if run and run.state == RunState.ABORTED else None


def _check_downstream(task: Task) -> Refusal:
    # Reading all edges of a run is expensive, and not needed where nothing is active.
    if not (task.run and task.run.active_count):
        return None
    downstream = downstream_ids(task)
    active = Task.objects.filter(run=task.run_id, state__in=ACTIVE).order_by("position")
    for each in active.only("step_id", "state"):
        if each.pk in downstream:
            return Conflict(f"task {each.pk} ({each}) is {each.state}; cancel it first")
    return None

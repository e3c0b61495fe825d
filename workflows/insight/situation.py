"""
One sentence on each run: what it waits for and what helps, or how it ended.

API, admin and commands show the same sentence. Each clause says what is so, what helps, and which
operations those are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from runners.kinds import kinds_served_locally
from workflows.dispatch.auto_dispatch import begins_alone
from workflows.insight.phrases import (
    MOST_NAMED,
    counted,
    describe_broken,
    in_one_line,
    moment,
    more_broken,
    quoted,
)
from workflows.insight.standing import Standing, obstacle
from workflows.insight.triage import triage_hint
from workflows.models import Event, RunState, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.models.run import DISPATCHABLE
from workflows.runs.readiness import Cause, Deadlock, as_cause

SUCCEEDED = "Every task has succeeded."
NOTHING_ACTIVE = "No task is with a runner, and none is ready."
SET_ASIDE = (
    "The run is set aside: {}. Its rows were changed by hand or damaged: compare them by "
    "manage.py verify_run {}, or abort the run."
)
STOPPED = {
    RunState.PAUSED: "The run is paused{}: nothing is dispatched until it is resumed",
    RunState.ABORTED: "The run was aborted{}: nothing will be dispatched any more",
}
LATE = (
    "If it does not within a minute, dispatch the ready tasks, and see that manage.py local_runner "
    "or manage.py tick is running."
)
MORE_FAILED = "{:,} more failed: see /tasks?run_id={}&status=failed."
NO_RUNNER = "runner refused: there is no default runner"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An operation that helps, and the row to carry it out on."""

    operation: str
    target: str
    """`run`, `task`, `approval` or `runner`."""
    id: int


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of the sentence, what helps, and the tasks that it names."""

    text: str
    remedy: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    tasks: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """What a run waits for and what helps, as a sentence and as data."""

    sentence: str
    suggestions: tuple[Suggestion, ...] = ()
    tasks: tuple[Cause, ...] = ()
    """The tasks that the sentence names."""
    deadlock: Deadlock | None = None
    hints: tuple[str, ...] = ()
    """What to look at first, for each task that failed."""


def situation_of(run: WorkflowRun) -> Situation:
    """Return the situation of one run; as `situations`."""
    return situations([run])[run.pk]


def sentence_on(run_id: int) -> str:
    """Return the sentence on a run as it is now; empty if there is no such run."""
    run = WorkflowRun.objects.filter(pk=run_id).first()
    return situation_of(run).sentence if run else ""


def situations(runs: Sequence[WorkflowRun]) -> dict[int, Situation]:
    """Return the situation of each run, by its id; a constant number of statements."""
    standing = Standing(runs)
    return {run.pk: _situation(run, standing) for run in runs}


def _situation(run: WorkflowRun, standing: Standing) -> Situation:
    deadlock, hints = standing.deadlocks.get(run.pk), tuple(_hints(run, standing))
    if run.is_set_aside:
        text = SET_ASIDE.format("; ".join(run.set_aside.splitlines()), run.pk)
        abort = (Suggestion("abort", "run", run.pk),)
        return Situation(text, abort, deadlock=deadlock, hints=hints)
    clauses = list(_clauses(run, standing))
    if not clauses:
        text = SUCCEEDED if run.state == RunState.SUCCESS else NOTHING_ACTIVE
        return Situation(text, hints=hints)
    # The same remedy is said once, and so is the same operation.
    remedies = dict.fromkeys(clause.remedy for clause in clauses if clause.remedy)
    text = "; ".join(clause.text for clause in clauses)
    suggestions = dict.fromkeys(each for clause in clauses for each in clause.suggestions)
    tasks = tuple(task for clause in clauses for task in clause.tasks)
    sentence = " ".join([f"{text}.", *remedies])
    return Situation(sentence, tuple(suggestions), tasks, deadlock, hints)


def _hints(run: WorkflowRun, standing: Standing) -> Iterator[str]:
    """Yield a hint for each of the first root causes that failed, and where the others are."""
    if not run.failed_count:
        return
    deadlock = standing.deadlocks.get(run.pk)
    causes = deadlock.root_causes if deadlock else standing.broken.get(run.pk, ())
    failed = [cause for cause in causes if cause.status == TaskState.FAILED][:MOST_NAMED]
    yield from (triage_hint(cause, is_final=run.state == RunState.ABORTED) for cause in failed)
    if (more := run.failed_count - len(failed)) > 0:
        yield MORE_FAILED.format(more, run.pk)


def _clauses(run: WorkflowRun, standing: Standing) -> Iterator[Clause]:
    if run.state in STOPPED:
        yield _stopped(run, standing.stops.get(run.pk))
    if run.state != RunState.SUCCESS:
        yield from _with_runners(run, standing)
    if run.state not in {RunState.ABORTED, RunState.SUCCESS}:
        yield from _failed(run, standing)
        yield from _pending(run, standing)


def _with_runners(run: WorkflowRun, standing: Standing) -> Iterator[Clause]:
    if run.active_count:
        yield Clause(counted(run.active_count, "is with a runner", "are with a runner"))
    if attempt := standing.stalled.get(run.pk):
        is_unstarted = not (attempt.started_at or attempt.task.cancel_requested_at)
        yield _unstarted(attempt, standing) if is_unstarted else _overdue(attempt)


def _failed(run: WorkflowRun, standing: Standing) -> Iterator[Clause]:
    if deadlock := standing.deadlocks.get(run.pk):
        yield from _blocked(run, deadlock)
    elif broken := standing.broken.get(run.pk):
        yield _broken(run, broken)


def _pending(run: WorkflowRun, standing: Standing) -> Iterator[Clause]:
    task = standing.ready.get(run.pk)
    if task and run.state in DISPATCHABLE:
        yield _ready(run, task, standing)
    elif run.state == RunState.CREATED:
        yield Clause("Nothing has been dispatched yet")
    for waiting in standing.waiting.get(run.pk, ()):
        is_asked = waiting.awaits_approval
        yield _asked(standing.requests[waiting.pk]) if is_asked else _held(waiting)
    if (more := standing.more_waiting(run)) > 0:
        yield Clause(counted(more, "more waits for a person", "more wait for a person"))


def _stopped(run: WorkflowRun, event: Event | None) -> Clause:
    by = f" by {event.actor}" if event and event.actor else ""
    since = "since" if run.state == RunState.PAUSED else "at"
    when = f" {since} {moment(event.created_at)}" if event else ""
    why = f" ({in_one_line(event.reason)})" if event and event.reason else ""
    text = STOPPED[RunState(run.state)].format(f"{by}{when}{why}")
    resume = (Suggestion("resume", "run", run.pk),) if run.state == RunState.PAUSED else ()
    return Clause(text, "", resume)


def _blocked(run: WorkflowRun, deadlock: Deadlock) -> Iterator[Clause]:
    causes = deadlock.root_causes
    blocked = counted(deadlock.blocked, "can never run", "can never run")
    if deadlock.more_blocked:
        blocked = f"At least {blocked}"
    rest = Suggestion("cancel_rest", "run", run.pk)
    canceled = sum(cause.status == TaskState.CANCELED for cause in causes)
    yield Clause(
        f"{blocked} because {describe_broken(causes, len(causes) - canceled, canceled)}",
        "Retry, mark success, or cancel the rest.",
        (*_mending(run, causes), rest),
        causes,
    )
    if others := more_broken(causes, run.failed_count, run.canceled_count):
        yield Clause(others)


def _broken(run: WorkflowRun, causes: Sequence[Cause]) -> Clause:
    text = describe_broken(causes, run.failed_count, run.canceled_count)
    return Clause(text, "Retry or mark success.", _mending(run, causes), tuple(causes))


def _mending(run: WorkflowRun, causes: Sequence[Cause]) -> tuple[Suggestion, ...]:
    """Return what helps the first causes, and before them what helps all failed ones, if more."""
    named = sum(cause.status == TaskState.FAILED for cause in causes[:MOST_NAMED])
    all_failed = (Suggestion("retry_failed", "run", run.pk),)
    of_tasks = (
        Suggestion(operation, "task", cause.task_id)
        for cause in causes[:MOST_NAMED]
        for operation in ("retry", "mark_success")
    )
    return (*(all_failed if run.failed_count > named else ()), *of_tasks)


def _ready(run: WorkflowRun, task: Task, standing: Standing) -> Clause:
    reason, named = obstacle(task, standing.pool), (as_cause(task),)
    dispatch = Suggestion("dispatch_ready", "run", run.pk)
    if not reason:
        if run.state == RunState.CREATED:
            return _not_begun(run, dispatch)
        text = f"No task is with a runner: {quoted(task)} is ready"
        if run.auto_dispatch:
            return Clause(f"{text}, and the run goes on by itself", LATE, (dispatch,), named)
        text = f"{text} and waits to be dispatched"
        return Clause(text, "Dispatch the ready tasks.", (dispatch,), named)
    text = f"{quoted(task)} is ready, but {reason}"
    if reason == NO_RUNNER:
        return Clause(text, "Make a runner the default one.", (), named)
    runner = standing.pool.runner_of(task)
    if not runner.is_enabled:
        enable = Suggestion("enable", "runner", runner.pk)
        return Clause(text, "Enable the runner.", (enable,), named)
    if reason.startswith("runner is full"):
        goes_on = "It is dispatched by itself once one has ended."
        remedy = goes_on if run.auto_dispatch else "Dispatch again once one has ended."
        return Clause(text, remedy, (dispatch,), named)
    return Clause(text, "See to the runner, then dispatch again.", (dispatch,), named)


def _not_begun(run: WorkflowRun, dispatch: Suggestion) -> Clause:
    if begins_alone(run):
        return Clause(
            "Nothing has been dispatched yet: the run begins by itself", LATE, (dispatch,)
        )
    text = "Nothing has been dispatched yet: dispatch the ready tasks to begin"
    return Clause(text, "", (dispatch,))


def _overdue(attempt: TaskAttempt) -> Clause:
    known = ("declare_lost",) if attempt.backend.claims else ("ask", "declare_lost")
    name, task = attempt.runner_name, attempt.task
    if asked_at := task.cancel_requested_at:
        text = f"{name} was asked at {moment(asked_at)} to end {quoted(task)}, and has not said so"
    else:
        due = f" by {moment(attempt.lease_expires_at)}" if attempt.lease_expires_at else ""
        text = f"{name} has not reported on {quoted(task)} in time{due}"
    suggestions = tuple(Suggestion(name, "task", attempt.task_id) for name in known)
    return Clause(text, attempt.backend.silence_hint, suggestions, (as_cause(attempt.task),))


def _unstarted(attempt: TaskAttempt, standing: Standing) -> Clause:
    hint = attempt.backend.silence_hint
    cancel = (Suggestion("cancel", "task", attempt.task_id),)
    named = (as_cause(attempt.task),)
    since = moment(attempt.dispatched_at)
    if attempt.runner_kind in kinds_served_locally() and not standing.is_served:
        text = f"{quoted(attempt.task)} waits since {since} for {attempt.runner_name}"
        return Clause(f"{text}, which no process serves", hint, cancel, named)
    text = f"{attempt.runner_name} is silent: it has not started {quoted(attempt.task)}"
    return Clause(f"{text} since {since}", hint, cancel, named)


def _asked(task: Any) -> Clause:
    since = f" since {moment(task.waits_since)}" if task.waits_since else ""
    why = f" ({task.why_asked})" if task.why_asked else ""
    held = ", and is on hold" if task.is_held else ""
    decide = [Suggestion(name, "approval", task.approval_id) for name in ("approve", "reject")]
    text = f"{quoted(task)} waits for approval{since}{why}{held}"
    suggestions = tuple(decide) if task.approval_id else ()
    return Clause(text, "Approve or reject it.", suggestions, (as_cause(task),))


def _held(task: Task) -> Clause:
    until = f" until {moment(task.resume_at)}" if task.resume_at else ""
    why = f" ({in_one_line(task.note)})" if task.note else ""
    release = (Suggestion("release", "task", task.pk),)
    return Clause(
        f"{quoted(task)} is on hold{until}{why}", "Release it.", release, (as_cause(task),)
    )

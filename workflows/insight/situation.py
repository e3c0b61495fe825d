"""
One sentence on each run: what it waits for and what helps, or how it ended.

API, admin and commands show the same sentence. Each clause says what is so, what helps, and which
operations those are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.dispatch.auto_dispatch import begins_alone
from workflows.insight.clauses import Clause, Suggestion
from workflows.insight.phrases import (
    MOST_NAMED,
    counted,
    describe_broken,
    describe_causes,
    in_one_line,
    moment,
    more_broken,
    quoted,
)
from workflows.insight.standing import Standing, obstacle
from workflows.insight.triage import triage_hint
from workflows.insight.with_runners import with_runners
from workflows.models import Event, RunState, Task, TaskState, WorkflowRun
from workflows.models.run import DISPATCHABLE
from workflows.runs.readiness import Cause, Deadlock, as_cause

SUCCEEDED = "Every task has succeeded."
NOTHING_ACTIVE = "No task is with a runner, and none is ready."
SET_ASIDE = (
    "The run is set aside: {}. Its rows were changed by hand or damaged: compare them by "
    "manage.py verify_run {}, or abort the run."
)
STOPPED = {
    RunState.PAUSED: ("Paused", "since", "Nothing is dispatched until it is resumed."),
    RunState.ABORTED: ("Aborted", "at", "Nothing will be dispatched any more."),
}
LATE = (
    "If it does not within a minute, dispatch the ready tasks, and see that manage.py local_runner "
    "or manage.py tick is running."
)
MORE_FAILED = "{:,} more failed: see /tasks?run_id={}&status=failed."
FULL = {
    True: "It is dispatched by itself once one has ended.",
    False: "Dispatch again once one has ended.",
}
"""What helps where a runner is full, by whether the run goes on by itself."""
NO_RUNNER = "runner refused: there is no default runner"


@dataclass(frozen=True, slots=True)
class Situation:
    """What a run waits for and what helps, as a sentence and as data."""

    sentence: str
    statement: str
    """The sentence without what the suggestions say: for pages that have buttons beside it."""
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
        return Situation(text, text, abort, deadlock=deadlock, hints=hints)
    clauses = list(_clauses(run, standing))
    if not clauses:
        text = SUCCEEDED if run.state == RunState.SUCCESS else NOTHING_ACTIVE
        return Situation(text, text, hints=hints)
    # The same operation is suggested once.
    suggestions = dict.fromkeys(each for clause in clauses for each in clause.suggestions)
    tasks = tuple(task for clause in clauses for task in clause.tasks)
    text = "; ".join(clause.text for clause in clauses)
    return Situation(
        _with_remedies(text, [clause.hint or clause.remedy for clause in clauses]),
        _with_remedies(text, [clause.hint for clause in clauses]),
        tuple(suggestions),
        tasks,
        deadlock,
        hints,
    )


def _with_remedies(text: str, remedies: Sequence[str]) -> str:
    """Return a sentence and what helps; the same remedy is said once."""
    return " ".join([f"{text}.", *dict.fromkeys(filter(None, remedies))])


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
        yield from with_runners(run, standing)
    if run.state not in {RunState.ABORTED, RunState.SUCCESS}:
        yield from _failed(run, standing)
        yield from _pending(run, standing)


def _failed(run: WorkflowRun, standing: Standing) -> Iterator[Clause]:
    broken = standing.broken.get(run.pk, [])
    if deadlock := standing.deadlocks.get(run.pk):
        yield from _blocked(run, deadlock, broken)
    elif broken:
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
    verb, since, meaning = STOPPED[RunState(run.state)]
    by = f" by {event.actor}" if event and event.actor else ""
    when = f" {since} {moment(event.created_at)}" if event else ""
    why = f" ({in_one_line(event.reason)})" if event and event.reason else ""
    resume = (Suggestion("resume", "run", run.pk),) if run.state == RunState.PAUSED else ()
    return Clause(f"{verb}{by}{when}{why}", meaning, resume)


def _blocked(run: WorkflowRun, deadlock: Deadlock, broken: Sequence[Cause]) -> Iterator[Clause]:
    """Yield what others wait for, and then what failed beside and blocks nothing."""
    causes = deadlock.root_causes
    canceled = sum(cause.status == TaskState.CANCELED for cause in causes)
    pronoun = "it" if len(causes) == 1 else "them"
    wait = counted(deadlock.blocked, f"waits for {pronoun}", f"wait for {pronoun}")
    at_least = "at least " if deadlock.more_blocked else ""
    others = [cause for cause in broken if cause not in causes][: max(0, MOST_NAMED - len(causes))]
    rest = Suggestion("cancel_rest", "run", run.pk)
    yield Clause(
        f"{describe_broken(causes, len(causes) - canceled, canceled)}, and {at_least}{wait}",
        "Retry, mark success, or cancel the rest.",
        (*_mending(run, [*causes[:MOST_NAMED], *others]), rest),
        causes,
    )
    if others:
        yield Clause(f"{describe_causes(others)}, blocking nothing", tasks=tuple(others))
    if more := more_broken([*causes, *others], run.failed_count, run.canceled_count):
        yield Clause(more)


def _broken(run: WorkflowRun, causes: Sequence[Cause]) -> Clause:
    text = describe_broken(causes, run.failed_count, run.canceled_count)
    return Clause(text, "Retry or mark success.", tuple(_mending(run, causes)), tuple(causes))


def _mending(run: WorkflowRun, causes: Sequence[Cause]) -> Iterator[Suggestion]:
    """Yield what helps the first causes; several failed tasks are retried at once."""
    several = run.failed_count > 1
    if several:
        yield Suggestion("retry_failed", "run", run.pk)
    for cause in causes[:MOST_NAMED]:
        if not (several and cause.status == TaskState.FAILED):
            yield Suggestion("retry", "task", cause.task_id)
        yield Suggestion("mark_success", "task", cause.task_id)


def _ready(run: WorkflowRun, task: Task, standing: Standing) -> Clause:
    reason, named = obstacle(task, standing.pool), (as_cause(task),)
    dispatch = Suggestion("dispatch_ready", "run", run.pk)
    if not reason:
        return _dispatchable(run, task, dispatch)
    text = f"{quoted(task)} is ready, but {reason}"
    if reason == NO_RUNNER:
        return Clause(text, tasks=named, hint="Make a runner the default one.")
    runner = standing.pool.runner_of(task)
    see = Suggestion("see", "runner", runner.pk)
    if not runner.is_enabled:
        enable = Suggestion("enable", "runner", runner.pk)
        return Clause(text, "Enable the runner.", (enable,), named)
    if reason.startswith("runner is full"):
        return Clause(text, suggestions=(see,), tasks=named, hint=FULL[run.auto_dispatch])
    return Clause(text, "See to the runner, then dispatch again.", (see, dispatch), named)


def _dispatchable(run: WorkflowRun, task: Task, dispatch: Suggestion) -> Clause:
    """Return what is said of a task that nothing but a dispatch is missing."""
    go_on = Suggestion("auto_dispatch_on", "run", run.pk)
    if run.state == RunState.CREATED:
        if begins_alone(run):
            text = "Nothing has been dispatched yet: the run begins by itself"
            return Clause(text, suggestions=(dispatch,), hint=LATE)
        text = "Nothing has been dispatched yet"
        if run.auto_dispatch:
            return Clause(text, "Dispatch the ready tasks to begin.", (dispatch,))
        return Clause(text, "Dispatch the ready tasks to begin.", (dispatch, go_on))
    if run.auto_dispatch:
        text = f"{quoted(task)} is ready, and the run goes on by itself"
        return Clause(text, suggestions=(dispatch,), tasks=(as_cause(task),), hint=LATE)
    text = f"{quoted(task)} is ready, and the run does not go on by itself"
    return Clause(text, "Dispatch the ready tasks.", (dispatch, go_on), (as_cause(task),))


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

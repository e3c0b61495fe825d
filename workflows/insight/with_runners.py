"""What is said of the tasks that are with a runner."""

from collections.abc import Iterator, Sequence

from runners.kinds import kinds_served_locally
from workflows.insight.clauses import Clause, Suggestion
from workflows.insight.phrases import counted, joined, moment, quoted
from workflows.insight.standing import Standing
from workflows.models import RunState, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.runs.readiness import as_cause


def with_runners(run: WorkflowRun, standing: Standing) -> Iterator[Clause]:
    """Yield which task is overdue, if one is; else which ones run, or wait to be started."""
    if attempt := standing.stalled.get(run.pk):
        is_unstarted = not (attempt.started_at or attempt.task.cancel_requested_at)
        yield _unstarted(attempt, standing) if is_unstarted else _overdue(attempt)
        if others := run.active_count - 1:
            yield Clause(f"{others:,} more {'is' if others == 1 else 'are'} with a runner")
    elif active := standing.active.get(run.pk):
        yield from _working(run, active)
        if run.state == RunState.RUNNING and run.pending_count and not run.broken_count:
            yield Clause(counted(run.pending_count, "is to come", "are to come"))


def _working(run: WorkflowRun, active: Sequence[Task]) -> Iterator[Clause]:
    running = [task for task in active if task.state == TaskState.RUNNING]
    if running:
        yield _named(running, run.running_count, "running on")
    if waiting := run.dispatched_count:
        if running:
            yield Clause(counted(waiting, "waits to be started", "wait to be started"))
        else:
            yield _named(active, waiting, "dispatched to")


def _named(tasks: Sequence[Task], total: int, what: str) -> Clause:
    """Return a clause such as: `a`, `b`, `c` and 2 more are running on local."""
    runners = {task.last_runner for task in tasks}  # type: ignore[attr-defined]
    where = runners.pop() if len(runners) == 1 else f"{len(runners)} runners"
    names = [*map(quoted, tasks), *[""] * (total - len(tasks))]
    verb = "is" if total == 1 else "are"
    causes = tuple(map(as_cause, tasks))
    return Clause(f"{joined(names)} {verb} {what} {where}", tasks=causes)


def _overdue(attempt: TaskAttempt) -> Clause:
    known = ("declare_lost",) if attempt.backend.claims else ("ask", "declare_lost")
    name, task = attempt.runner_name, attempt.task
    if asked_at := task.cancel_requested_at:
        text = f"{name} was asked at {moment(asked_at)} to end {quoted(task)}, and has not said so"
    else:
        due = f" by {moment(attempt.lease_expires_at)}" if attempt.lease_expires_at else ""
        text = f"{name} has not reported on {quoted(task)} in time{due}"
    suggestions = tuple(Suggestion(name, "task", attempt.task_id) for name in known)
    hint = attempt.backend.silence_hint
    return Clause(text, suggestions=suggestions, tasks=(as_cause(attempt.task),), hint=hint)


def _unstarted(attempt: TaskAttempt, standing: Standing) -> Clause:
    task, runner, since = attempt.task, attempt.runner_name, moment(attempt.dispatched_at)
    if attempt.runner_kind in kinds_served_locally() and not standing.is_served:
        text = f"{quoted(task)} waits since {since} for {runner}, which no process serves"
    else:
        text = f"{runner} is silent: it has not started {quoted(task)} since {since}"
    see = (Suggestion("see", "runner", attempt.runner_id),) if attempt.runner_id else ()
    suggestions = (*see, Suggestion("cancel", "task", task.pk))
    hint = attempt.backend.silence_hint
    return Clause(text, suggestions=suggestions, tasks=(as_cause(task),), hint=hint)

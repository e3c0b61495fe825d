"""Reads what runs wait for: a constant number of statements for a page of runs."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db.models import (
    Count,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    Window,
)
from django.db.models.functions import Coalesce, Greatest, RowNumber

from runners.kinds import kinds_served_locally
from workflows import presence
from workflows.db.clock import database_now
from workflows.db.composed import AmongGiven, composed
from workflows.dispatch.runner_pool import RunnerPool
from workflows.insight.attention import silent_attempts
from workflows.insight.phrases import MOST_NAMED, moment
from workflows.models import (
    Approval,
    ApprovalStatus,
    Event,
    EventType,
    RunState,
    Task,
    TaskAttempt,
    WorkflowRun,
)
from workflows.models.run import DISPATCHABLE
from workflows.models.task import ACTIVE, BROKEN
from workflows.runs.readiness import (
    Cause,
    Deadlock,
    causes_of,
    deadlocks_of,
    may_be_deadlocked,
)

STOPPED_BY = {EventType.RUN_PAUSED: RunState.PAUSED, EventType.RUN_ABORTED: RunState.ABORTED}
RECOVERED_WITHIN = timedelta(minutes=1)
"""An attempt that is overdue for longer is not looked after; else it is soon lost, or reported."""
# The release before failed runs in which a task waited for a person.
MAY_WAIT = {*DISPATCHABLE, RunState.FAILED}


class Standing:
    """What is known of some runs beside their rows; each part is read for all of them at once."""

    def __init__(self, runs: Sequence[WorkflowRun]) -> None:
        """Remember the runs; nothing is read yet."""
        self.runs = runs

    @cached_property
    def deadlocks(self) -> dict[int, Deadlock]:
        """The deadlocks of the runs."""
        candidates = list(filter(may_be_deadlocked, self.runs))
        stuck = [run for run in candidates if run.pk not in self.ready] if candidates else []
        paused = {run.pk for run in stuck if run.state == RunState.PAUSED}
        return deadlocks_of(stuck, partial={*paused, *self.waiting}) if stuck else {}

    @cached_property
    def stops(self) -> dict[int, Event]:
        """With which event each paused or aborted run was stopped."""
        stopped = [run.pk for run in self.runs if run.state in STOPPED_BY.values()]
        events = _stops.rows(runs=stopped) if stopped else []
        return {event.run_id or 0: event for event in events}

    @cached_property
    def broken(self) -> dict[int, list[Cause]]:
        """The first failed or canceled tasks of the runs, failed first, unless all block others."""
        ids = [
            run.pk
            for run in self.runs
            if (run.failed_count if run.state == RunState.ABORTED else run.broken_count)
            > len(self.deadlocks[run.pk].root_causes if run.pk in self.deadlocks else ())
        ]
        if not ids:
            return {}
        tasks = _first_broken.rows(runs=ids)
        found: dict[int, list[Cause]] = defaultdict(list)
        for task, cause in zip(tasks, causes_of(tasks), strict=True):
            found[task.run_id or 0].append(cause)
        return found

    @cached_property
    def active(self) -> dict[int, list[Task]]:
        """The first tasks of the runs that are with a runner, running ones first."""
        found: dict[int, list[Task]] = defaultdict(list)
        ids = [run.pk for run in self.runs if run.active_count]
        for task in _first_active.rows(runs=ids) if ids else ():
            found[task.run_id or 0].append(task)
        return dict(found)

    @cached_property
    def ready(self) -> dict[int, Task]:
        """The first ready task of each run that stands still; of paused runs nothing is ready."""
        return {task.run_id or 0: task for task in self._startable if not task.unmet_count}

    @cached_property
    def waiting(self) -> dict[int, list[Task]]:
        """The first tasks that wait for a person alone; each knows how many there are."""
        found: dict[int, list[Task]] = defaultdict(list)
        for task in self._startable:
            if task.unmet_count:
                found[task.run_id or 0].append(task)
        return dict(found)

    @cached_property
    def requests(self) -> dict[int, Any]:
        """What is asked of persons about the tasks in `waiting`, by their ids."""
        return _with_requests([task for tasks in self.waiting.values() for task in tasks])

    @cached_property
    def _startable(self) -> list[Task]:
        ids = [
            run.pk
            for run in self.runs
            if run.state in MAY_WAIT and run.pending_count and not run.active_count
        ]
        both = _first_startable.rows(runs=ids) if ids else []
        return sorted(both, key=lambda task: task.position)

    def more_waiting(self, run: WorkflowRun) -> int:
        """Return how many tasks of a run wait for a person beside the first ones."""
        first = self.waiting.get(run.pk, [])
        return first[0].total - len(first) if first else 0  # type: ignore[attr-defined]

    @cached_property
    def stalled(self) -> dict[int, TaskAttempt]:
        """
        The oldest attempt of each run that is overdue: its start, its end or its cancellation.

        One that is not started says something only of a run in which nothing else runs.
        """
        idle = [run.pk for run in self.runs if run.dispatched_count and not run.running_count]
        running = [run.pk for run in self.runs if run.running_count]
        if not (idle or running):
            return {}
        unserved = kinds_served_locally() if idle and not self.is_served else []
        found = (
            _stalled.rows(runs=[*idle, *running], idle=idle, unserved=unserved)
            if idle
            else _late_ends.rows(runs=running)
        )
        return {each.task.run_id or 0: each for each in found}

    @cached_property
    def is_served(self) -> bool:
        """Whether a process executes local attempts of whichever run."""
        return any(
            set(kinds_served_locally()) & set(row.serves)
            for row in presence.serving()
            if isinstance(row.serves, list)
        )

    @cached_property
    def pool(self) -> RunnerPool:
        """The runners, and which of them are full."""
        pool = RunnerPool()
        pool.note_full_runners(list(self.ready.values()))
        return pool


def obstacle(task: Task, pool: RunnerPool) -> str:
    """Return what keeps a ready task from being dispatched; empty if nothing is known to."""
    if known := pool.refusal_of(task) or task.note:
        return known
    # It was another task that the runner did not take.
    runner = pool.runner_of(task)
    since = runner.unavailable_since
    return f"runner refused: {runner} has taken nothing since {moment(since)}" if since else ""


@composed
def _stops() -> QuerySet[Event]:
    stops = Event.objects.filter(AmongGiven("run", "runs"), event_type__in=list(STOPPED_BY))
    return stops.order_by("pk")


def _overdue_of(runs: str) -> Q:
    late = database_now(plus=-RECOVERED_WITHIN)
    due = Q(started_at__isnull=False, lease_expires_at__lt=late)
    asked = Q(task__cancel_requested_at__lt=late)
    return Q(due | asked, AmongGiven("task__run", runs))


def _described(attempts: QuerySet[TaskAttempt]) -> QuerySet[TaskAttempt]:
    rows = attempts.select_related("task", "runner").defer("payload", "task__payload")
    return rows.order_by("-dispatched_at")


@composed
def _late_ends() -> QuerySet[TaskAttempt]:
    """Return the attempts of runs that are overdue: their end or their cancellation."""
    return _described(TaskAttempt.objects.open().filter(_overdue_of("runs")))


@composed
def _stalled() -> QuerySet[TaskAttempt]:
    """Return the same, and those of idle runs whose start is overdue."""
    silent = Q(pk__in=silent_attempts().values("pk"))
    alone = Q(AmongGiven("runner_kind", "unserved"))
    unstarted = Q(silent | alone, AmongGiven("task__run", "idle"), started_at=None)
    return _described(TaskAttempt.objects.open().filter(_overdue_of("runs") | unstarted))


def _first(tasks: QuerySet[Task], *order: str) -> QuerySet[Task]:
    """Return the first tasks of each of the given runs."""
    place = Window(RowNumber(), partition_by="run", order_by=[*order, "position"])
    found = tasks.filter(AmongGiven("run", "runs")).annotate(place=place)
    return found.filter(place__lte=MOST_NAMED).order_by("run", "place").defer("payload")


@composed
def _first_broken() -> QuerySet[Task]:
    """Return the first failed and canceled tasks of each run, failed first."""
    return _first(Task.objects.filter(state__in=BROKEN), "-state")


@composed
def _first_active() -> QuerySet[Task]:
    """Return the first tasks of each run that are with a runner, each with the name of that."""
    last = TaskAttempt.objects.filter(task=OuterRef("pk"), number=OuterRef("attempt_count"))
    tasks = _first(Task.objects.filter(state__in=ACTIVE), "-state")
    return tasks.annotate(last_runner=Subquery(last.values("runner_name")[:1]))


@composed
def _first_startable() -> QuerySet[Task]:
    return _first_ready().union(_first_waiting(), all=True)


def _first_ready() -> QuerySet[Task]:
    """Return the first ready task of each run, with the columns of `_first_waiting`."""
    first = Task.objects.ready().filter(run=OuterRef("pk")).values("pk")[:1]
    firsts = WorkflowRun.objects.filter(AmongGiven("pk", "runs")).values_list(Subquery(first))
    tasks = Task.objects.filter(pk__in=firsts.order_by()).order_by().defer("payload")
    return tasks.annotate(total=Value(1), place=Value(1))


def _first_waiting() -> QuerySet[Task]:
    """Return the first tasks of each run that wait for a person, and how many there are."""
    tasks = Task.objects.startable().filter(unmet_count__gt=0)
    tasks = tasks.annotate(total=Window(Count("pk"), partition_by="run"))
    return _first(tasks).order_by()


def _with_requests(tasks: Sequence[Task]) -> dict[int, Task]:
    """Return tasks that wait for a person, with what was asked, and since when nothing else is."""
    waited_for = Task.objects.filter(dependants__task=OuterRef("pk")).exclude(finished_at=None)
    last_end = Subquery(waited_for.order_by("-finished_at").values("finished_at")[:1])
    request = Approval.objects.filter(task=OuterRef("pk"), status=ApprovalStatus.PENDING)
    asked_at = Subquery(request.values("created_at")[:1])
    return (
        Task.objects.defer("payload")
        .annotate(
            approval_id=Subquery(request.values("pk")[:1]),
            waits_since=Coalesce(Greatest(asked_at, last_end), asked_at),
            why_asked=Subquery(request.values("reason")[:1]),
        )
        .in_bulk([task.pk for task in tasks])
    )

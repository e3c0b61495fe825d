"""What needs a person's hand: asked by every open page, so a constant number of statements."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from runners.models import Runner
from workflows.models import (
    Approval,
    ApprovalStatus,
    Event,
    RunState,
    Task,
    TaskAttempt,
    TaskState,
    WorkflowRun,
)
from workflows.models.attempt import TaskAttemptQuerySet
from workflows.models.run import DISPATCHABLE, WorkflowRunQuerySet
from workflows.models.task import FREE

RECENT = timedelta(days=7)
"""What failed longer ago is history."""
SILENT_AFTER = timedelta(minutes=2)
"""How long a runner may leave what it was given before it is called silent."""
REFUSED = "runner refused"


@dataclass(frozen=True, slots=True)
class IdleRunner:
    """A runner on which tasks wait in vain."""

    runner: Runner | None
    """None: tasks wait for a default runner, and there is none."""
    tasks: int
    why: str
    """The last refusal; empty if it is disabled, or silent."""
    since: datetime | None = None
    """If it is silent: the dispatch of the first attempt that it has not started."""


def broken_runs() -> WorkflowRunQuerySet:
    """
    Return the runs that cannot go on well without a hand.

    Those that failed lately, unless a later one with the same parameters did it; those in which
    something has failed while other branches go on; and those that are paused with something
    failed or canceled: they will not end by themselves.
    """
    again = WorkflowRun.objects.filter(
        template=OuterRef("template"),
        parameters=OuterRef("parameters"),
        pk__gt=OuterRef("pk"),
        state=RunState.SUCCESS,
    )
    lately = timezone.now() - RECENT
    failed = Q(~Exists(again), state=RunState.FAILED, finished_at__gte=lately)
    stuck = Q(Q(failed_count__gt=0) | Q(canceled_count__gt=0), state=RunState.PAUSED)
    failing = Q(failed_count__gt=0, state=RunState.RUNNING)
    return WorkflowRun.objects.filter(failed | stuck | failing)


def undecided(approvals: QuerySet[Approval]) -> QuerySet[Approval]:
    """Return what somebody may decide: a task that was canceled meanwhile waits for nobody."""
    return approvals.filter(status=ApprovalStatus.PENDING, task__state=TaskState.PENDING)


def overdue_attempts() -> TaskAttemptQuerySet:
    """Return what a runner began, and what nobody has answered for in time."""
    return TaskAttempt.objects.overdue().filter(started_at__isnull=False)


def idle_runners() -> list[IdleRunner]:
    """Return the runners that refuse ready tasks or leave their attempts; three statements."""
    runners = {runner.pk: runner for runner in Runner.objects.all()}
    default = next((runner for runner in runners.values() if runner.is_default), None)
    refusing = [
        IdleRunner(runners.get(row["key"]), row["tasks"], row["why"] or "")
        for row in _refused(default)
    ]
    silent = [
        IdleRunner(runners[row["runner"]], row["tasks"], "", row["since"])
        for row in _left_alone()
        if row["runner"] in runners
    ]
    return refusing + silent


def _refused(default: Runner | None) -> QuerySet[Task, Any]:
    """Group ready tasks by the runner that will not take them."""
    unwilling = Q(runner__is_enabled=False) | Q(note__startswith=REFUSED)
    if default is None or not default.is_enabled:
        unwilling |= Q(runner=None)
    key = Coalesce(F("runner"), Value(default.pk)) if default else F("runner")
    ready = Task.objects.filter(FREE, unwilling, run__state__in=DISPATCHABLE).order_by()
    why = Max("note", filter=Q(note__startswith=REFUSED))
    return ready.values(key=key).annotate(tasks=Count("pk"), why=why)


def _left_alone() -> QuerySet[TaskAttempt, Any]:
    """Group attempts that wait for a start by runner, where it is not busy with others either."""
    now = timezone.now()
    at_work = TaskAttempt.objects.open().filter(
        runner=OuterRef("runner"), started_at__isnull=False, lease_expires_at__gte=now
    )
    waiting = TaskAttempt.objects.open().filter(
        ~Exists(at_work), started_at=None, dispatched_at__lt=now - SILENT_AFTER
    )
    by_runner = waiting.order_by().values("runner")
    return by_runner.annotate(tasks=Count("pk"), since=Min("dispatched_at"))


def counts(may: Callable[[str], bool]) -> dict[str, int]:
    """
    Return how much of what needs a hand, and the latest event by its id.

    :param may: says whether the reader has a permission; the rest is left out.
    """
    found: dict[str, tuple[str, Callable[[], int | None]]] = {
        "runs": ("workflows.view_workflowrun", broken_runs().count),
        "approvals": (
            "workflows.view_approval",
            undecided(Approval.objects.all()).count,
        ),
        "attempts": ("workflows.view_taskattempt", overdue_attempts().count),
        "runners": ("runners.view_runner", lambda: len(idle_runners())),
        "event": ("workflows.view_event", lambda: Event.objects.aggregate(n=Max("pk"))["n"]),
    }
    return {name: count() or 0 for name, (needed, count) in found.items() if may(needed)}

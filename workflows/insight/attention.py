"""
Queries for the items that need attention, for the dashboard and the numbers in the navigation.

Every open page asks for them again and again, so each takes a constant number of statements.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.db.models.lookups import Exact

from runners.models import Runner
from workflows.db.clock import database_now
from workflows.db.composed import ComposedQuery, Given, composed
from workflows.db.hashed import Hashed
from workflows.models import (
    Approval,
    ApprovalStatus,
    Event,
    LastLook,
    RunState,
    Task,
    TaskAttempt,
    TaskState,
    WorkflowRun,
)
from workflows.models.attempt import TaskAttemptQuerySet
from workflows.models.choices import Literal
from workflows.models.run import DISPATCHABLE, UNFINISHED, WorkflowRunQuerySet
from workflows.models.task import BROKEN, FREE
from workflows.periodic import RECOVERY

MOST_COUNTED = 100
"""No number counts further: the pages show `99+`."""
RECENT = timedelta(days=7)
"""A run that failed longer ago needs no attention any more."""
SILENT_AFTER = timedelta(minutes=2)
"""How long a runner may have attempts without starting one before it is called silent."""
UNATTENDED_AFTER = timedelta(minutes=5)
"""How long overdue attempts may wait until somebody looks after them."""
NOBODY_LOOKS = (
    "Nobody has looked after overdue attempts for five minutes: start manage.py local_runner, "
    "or put manage.py tick into cron."
)
REFUSED = "runner refused"
_OF_FAILED_RUN = Q(task__run__state=Literal(RunState.FAILED.value))
"""A run fails only once no approval could make any of its tasks ready."""


@dataclass(frozen=True, slots=True)
class RunnerProblem:
    """A runner that is disabled, missing, refuses tasks or is silent, or never calls back."""

    runner: Runner | None
    """None if tasks wait for a default runner and there is none."""
    tasks: int
    """How many tasks wait for the runner."""
    refusal: str
    """The message with which the runner last refused a task; empty if it is disabled or silent."""
    silent_since: datetime | None = None
    """When the oldest attempt was dispatched that a silent runner has not started."""
    uncalled_since: datetime | None = None
    """When a runner accepted its first attempt that has never called back."""


def failed_or_stuck_runs() -> WorkflowRunQuerySet:
    """Return the runs that will not succeed unless a person does something."""
    return WorkflowRun.objects.filter(_failed_lately() | _stuck())


def first_failed_or_stuck_runs(most: int, of: Q | None = None) -> list[WorkflowRun]:
    """Return the first, of some: unfinished runs, then those that failed last; two statements."""
    # Each by an index in its own order; together they would all be sorted.
    stuck = WorkflowRun.objects.filter(_stuck()).order_by("-pk")
    failed = WorkflowRun.objects.filter(_failed_lately()).order_by("-finished_at", "-pk")
    found = (runs.filter(of or Q()).defer("last_dispatch")[:most] for runs in (stuck, failed))
    return list(chain.from_iterable(found))[:most]


def _failed_lately() -> Q:
    """Return which failed recently, and no later run with the same parameters succeeded."""
    later_success = WorkflowRun.objects.filter(
        Exact(Hashed("parameters"), Hashed(OuterRef("parameters"))),
        template=OuterRef("template"),
        parameters=OuterRef("parameters"),
        pk__gt=OuterRef("pk"),
        state=Literal(RunState.SUCCESS.value),
    )
    recent = Q(
        state=Literal(RunState.FAILED.value),
        finished_at__gte=Now() - RECENT,
        trial__isnull=True,  # whoever tries a draft looks at it
    )
    return Q(recent, ~Exists(later_success))


def _stuck() -> Q:
    """
    Return which unfinished runs need a person.

    - Running runs in which a task has failed while other branches continue.
    - Running runs that stand still, in which tasks wait for a canceled one.
    - Paused runs with a failed or canceled task: they never finish by themselves.
    - Runs that are set aside: what failed about them will fail again.
    """
    any_broken = Q(*((f"{state}_count__gt", 0) for state in BROKEN), _connector=Q.OR)
    paused = Q(any_broken, state=RunState.PAUSED)
    failing = Q(failed_count__gt=0, state=RunState.RUNNING)
    needs = paused | failing | _blocked_by_canceled() | ~Q(set_aside="")
    return Q(needs, state__in=[Literal(each.value) for each in UNFINISHED])


def _blocked_by_canceled() -> Q:
    """Return which running runs are deadlocked although nothing in them has failed."""
    counters = Q(canceled_count__gt=0, pending_count__gt=0, dispatched_count=0, running_count=0)
    tasks = {"run": OuterRef("pk")}
    ready = Exists(Task.objects.ready().filter(**tasks))
    causes = Exists(Task.objects.root_causes().filter(**tasks))
    return Q(counters, ~ready, causes, state=RunState.RUNNING)


def undecided(approvals: QuerySet[Approval]) -> QuerySet[Approval]:
    """Return the approvals that wait for a decision; those of canceled tasks do not."""
    # Constants: no plan that suits any status suits the one that few have.
    of_task = Q(task__state=Literal(TaskState.PENDING.value))
    return approvals.filter(of_task, status=Literal(ApprovalStatus.PENDING.value))


def worth_deciding(approvals: QuerySet[Approval]) -> QuerySet[Approval]:
    """Return those that wait for a decision, and whose task could go out after it."""
    return undecided(approvals).exclude(_OF_FAILED_RUN)


def cannot_go_out(approvals: QuerySet[Approval]) -> QuerySet[Approval]:
    """Return those whose run has failed elsewhere: until a retry, a decision changes nothing."""
    return undecided(approvals).filter(_OF_FAILED_RUN)


def overdue_attempts() -> TaskAttemptQuerySet:
    """Return the started attempts whose runner has not reported before the lease expired."""
    return TaskAttempt.objects.overdue().filter(started_at__isnull=False)


def unattended_attempts() -> TaskAttemptQuerySet:
    """Return the attempts that are overdue for long, if meanwhile nobody has looked after any."""
    long_ago = Now() - UNATTENDED_AFTER
    looks = LastLook.objects.filter(name=RECOVERY, at__gte=long_ago)
    return TaskAttempt.objects.overdue().filter(~Exists(looks), lease_expires_at__lt=long_ago)


def runner_problems() -> list[RunnerProblem]:
    """Return the runners that refuse, start nothing, or never call back; three statements."""
    runners = {runner.pk: runner for runner in _runners.rows()}
    default = next((runner for runner in runners.values() if runner.is_default), None)
    refused = _REFUSED[default is None or not default.is_enabled]
    refusing = [
        RunnerProblem(runners.get(row["key"]), row["tasks"], row["refusal"] or "")
        for row in refused.rows(default=default and default.pk)
    ]
    silent = [
        RunnerProblem(runners[row["runner"]], row["tasks"], "", row["silent_since"])
        for row in _unstarted_attempts_by_runner.rows()
        if row["runner"] in runners
    ]
    unheard = [
        RunnerProblem(runner, 0, "", uncalled_since=runner.first_submitted_at)
        for runner in runners.values()
        if runner.is_enabled and runner.never_calls_back
    ]
    return refusing + silent + unheard


@composed
def _runners() -> QuerySet[Runner]:
    return Runner.objects.all()


def _refused_tasks_by_runner(*, lacks_default: bool) -> QuerySet[Task, Any]:
    """Group the ready tasks that are not dispatched because of their runner, by that runner."""
    refused = Q(runner__is_enabled=False) | Q(note__startswith=REFUSED)
    if lacks_default:
        refused |= Q(runner=None)
    key = Coalesce(F("runner"), Given("default"))
    ready = Task.objects.filter(FREE, refused, run__state__in=DISPATCHABLE).order_by()
    refusal = Max("note", filter=Q(note__startswith=REFUSED))
    return ready.values(key=key).annotate(tasks=Count("pk"), refusal=refusal)


_REFUSED: dict[bool, ComposedQuery[Any]] = {
    lacks_default: ComposedQuery(partial(_refused_tasks_by_runner, lacks_default=lacks_default))
    for lacks_default in (False, True)
}


@composed
def _unstarted_attempts_by_runner() -> QuerySet[TaskAttempt, Any]:
    """Group the attempts that their runners do not start, by runner."""
    by_runner = silent_attempts().order_by().values("runner")
    return by_runner.annotate(tasks=Count("pk"), silent_since=Min("dispatched_at"))


def silent_attempts() -> TaskAttemptQuerySet:
    """Return the attempts that have waited too long for their start at runners that start none."""
    being_executed = TaskAttempt.objects.open().filter(
        runner=OuterRef("runner"), started_at__isnull=False, lease_expires_at__gte=database_now()
    )
    return TaskAttempt.objects.open().filter(
        ~Exists(being_executed), started_at=None, dispatched_at__lt=Now() - SILENT_AFTER
    )


def attention_counts(may: Callable[[str], bool]) -> dict[str, int]:
    """
    Return how many items need attention, by kind, and the id of the latest event.

    Of each kind at most `MOST_COUNTED` are counted.

    :param may: returns True if the reader has a permission; kinds without it are left out.
    """
    count_of: dict[str, tuple[str, Callable[[], int | None]]] = {
        "runs": ("workflows.view_workflowrun", failed_or_stuck_count),
        "approvals": ("workflows.view_approval", lambda: len(_worth_deciding_ids.rows())),
        "attempts": ("workflows.view_taskattempt", lambda: len(_overdue_ids.rows())),
        "runners": ("runners.view_runner", lambda: len(runner_problems())),
        "event": ("workflows.view_event", latest_event),
    }
    return {name: count() or 0 for name, (needed, count) in count_of.items() if may(needed)}


def latest_event() -> int | None:
    """Return the id of the latest event of all."""
    return _latest_event.first()


def failed_or_stuck_count() -> int:
    """Return how many runs fail or are stuck, at most `MOST_COUNTED`."""
    return len(_failed_or_stuck_ids.rows())


def _first_ids(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    return rows.order_by().values_list("pk", flat=True)[:MOST_COUNTED]


@composed
def _failed_or_stuck_ids() -> QuerySet[WorkflowRun, int]:
    return _first_ids(failed_or_stuck_runs())


@composed
def _worth_deciding_ids() -> QuerySet[Approval, int]:
    return _first_ids(worth_deciding(Approval.objects.all()))


@composed
def _overdue_ids() -> QuerySet[TaskAttempt, int]:
    return _first_ids(overdue_attempts())


@composed
def _latest_event() -> QuerySet[Event, int]:
    return Event.objects.order_by("-pk").values_list("pk", flat=True)[:1]

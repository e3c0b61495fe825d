"""What needs a hand, line by line: what it is, why, and the cure for those who may."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from runners.kinds import backends
from runners.models import Runner
from workflows.admin.actions.registry import CANCEL_REST, DECIDING, MENDING, STEERING, Operation
from workflows.admin.ui.display import link, list_url, page_url
from workflows.admin.ui.sentences import linked
from workflows.insight.attention import (
    IdleRunner,
    broken_runs,
    idle_runners,
    overdue_attempts,
    undecided,
)
from workflows.insight.explain import told
from workflows.models import Approval, RunState, Task, TaskAttempt, WorkflowRun
from workflows.models.task import BROKEN
from workflows.runs.readiness import Cause, causes_of, deadlocks

SHOWN = 5
"""Of each kind; the lists have all."""
MOST_CAUSES = 50
"""Of one run; where there are more, their list is the place to mend them."""
LONGEST_REASON = 100
ALSO = {RunState.PAUSED: ", paused", RunState.RUNNING: ", still running"}
BY_NAME = {each.name: each for each in (*MENDING, *DECIDING, *STEERING, CANCEL_REST)}


@dataclass(frozen=True, slots=True)
class Cure:
    """A button: an operation on some rows of a list, asked for first."""

    operation: Operation
    url: str
    rows: Sequence[object]


@dataclass(frozen=True, slots=True)
class Matter:
    """One line of what needs a hand."""

    kind: str
    badge: str
    text: SafeString
    since: datetime | None = None
    cures: Sequence[Cure] = ()
    way: tuple[str, str] = ("", "")
    """Where else the cure is: address and name."""


@dataclass(slots=True)
class Matters:
    """Matters of one kind: the first of them, and where the others are."""

    title: str
    icon: str
    url: str
    total: int
    lines: list[Matter] = field(default_factory=list)


def matters_for(request: HttpRequest) -> list[Matters]:
    """Return what needs a hand, of the kinds that the reader may see."""
    may = request.user.has_perm
    kinds = (
        ("workflows.view_workflowrun", _broken),
        ("workflows.view_approval", _approvals),
        ("runners.view_runner", _runners),
        ("workflows.view_taskattempt", _overdue),
    )
    found = [matters(request) for needed, matters in kinds if may(needed)]
    return [matters for matters in found if matters.total]


def _broken(request: HttpRequest) -> Matters:
    found = broken_runs()
    url = list_url(WorkflowRun, attention="failed")
    matters = Matters("Failed and stuck runs", "failed", url, found.count())
    latest = (F("finished_at").desc(nulls_first=True), "-pk")
    shown = list(found.defer("last_dispatch").order_by(*latest)[:SHOWN])
    causes, stuck = _causes(shown), deadlocks(shown)
    for run in shown:
        blocked = stuck[run.pk]["blocked"] if run.pk in stuck else 0
        matters.lines.append(_failure(request, run, causes[run.pk], blocked))
    return matters


def _causes(runs: Sequence[WorkflowRun]) -> dict[int, list[Cause]]:
    tasks = Task.objects.filter(run__in=runs, state__in=BROKEN).defer("payload")
    place = Window(RowNumber(), partition_by="run", order_by="position")
    broken = list(tasks.annotate(place=place).filter(place__lte=MOST_CAUSES))
    found: dict[int, list[Cause]] = defaultdict(list)
    for task, cause in zip(broken, causes_of(broken), strict=True):
        short = Truncator(cause.reason).chars(LONGEST_REASON)
        found[task.run_id or 0].append(replace(cause, reason=short))
    return found


def _failure(
    request: HttpRequest, run: WorkflowRun, causes: Sequence[Cause], blocked: int
) -> Matter:
    why = linked(_why(run, causes), [cause.as_json() for cause in causes])
    also = ALSO.get(run.state, "")
    wait = f" {blocked} task{'s' if blocked > 1 else ''} can never run." if blocked else ""
    text = format_html("{} {}{}: {}.{}", _named(run), run.template_name, also, why, wait)
    kind = "deadlocked" if blocked else run.state if run.state == RunState.PAUSED else "failed"
    cures = _cures_of_run(request, run, causes, is_stuck=blocked > 0)
    way = _all_broken(run) if run.broken_count > len(causes) else ("", "")
    return Matter("run", kind, text, run.finished_at or run.updated_at, cures, way)


def _why(run: WorkflowRun, causes: Sequence[Cause]) -> str:
    if (more := run.broken_count - len(causes)) <= 0:
        return told(causes)
    return f"{told(causes[:1])} and {more + len(causes) - 1:,} more"


def _all_broken(run: WorkflowRun) -> tuple[str, str]:
    address = list_url(Task, run=run.pk, state__in=",".join(BROKEN))
    return address, f"All {run.broken_count:,} tasks"


def _cures_of_run(
    request: HttpRequest, run: WorkflowRun, causes: Sequence[Cause], *, is_stuck: bool
) -> Sequence[Cure]:
    """Return what mends the tasks, if it reaches all of them, and what lets the run go on."""
    tasks = [cause.task_id for cause in causes]
    mending = _cures(request, Task, ("retry", "mark_success"), tasks)
    of_run = [*(["cancel_rest"] if is_stuck else []), "resume"]
    steering = _cures(request, WorkflowRun, of_run, [run.pk])
    return [
        *(mending if len(causes) == run.broken_count else []),
        *(cure for cure in steering if cure.operation.suits(run)),
    ]


def _approvals(request: HttpRequest) -> Matters:
    found = undecided(Approval.objects.all())
    matters = Matters("Waiting for approval", "approval", list_url(Approval), found.count())
    first = found.select_related("task__run").defer("task__payload", "task__run__last_dispatch")
    for approval in first.order_by("id")[:SHOWN]:
        cures = _cures(request, Approval, ("approve", "reject"), [approval.pk])
        task = approval.task
        of = format_html(" of {} {}", _named(task.run), task.run.template_name) if task.run else ""
        name = link(page_url(Approval, approval.pk), task)
        text = format_html("{}{}: {}", name, of, task.title)
        matters.lines.append(Matter("approval", "approval", text, approval.created_at, cures))
    return matters


def _runners(request: HttpRequest) -> Matters:
    idle = idle_runners()
    matters = Matters("Runners", "runners", list_url(Runner), len(idle))
    matters.lines = [_idle(request, each) for each in idle[:SHOWN]]
    return matters


def _idle(request: HttpRequest, idle: IdleRunner) -> Matter:
    tasks = f"{idle.tasks} ready task{'s wait' if idle.tasks > 1 else ' waits'} for it"
    may_change = request.user.has_perm("runners.change_runner")
    if (runner := idle.runner) is None:
        text = format_html("There is no default runner: {}.", tasks.removesuffix(" for it"))
        way = (list_url(Runner), "Choose one") if may_change else ("", "")
        return Matter("runner", "refused", text, way=way)
    name = link(page_url(Runner, runner.pk), runner)
    if idle.since:
        attempts = f"{idle.tasks} attempt{'s' if idle.tasks > 1 else ''}"
        text = format_html("{} is silent: it has not started {}. {}", name, attempts, _hint(runner))
        way = (list_url(TaskAttempt, outcome__exact="", runner_kind=runner.kind), "Its attempts")
        return Matter("runner", "silent", text, idle.since, way=way)
    if not runner.is_enabled:
        way = (page_url(Runner, runner.pk), "Enable it") if may_change else ("", "")
        return Matter("runner", "disabled", format_html("{}: {}.", name, tasks), way=way)
    text = format_html("{}: {}. {}", name, tasks, idle.why)
    return Matter("runner", "refused", text, way=(page_url(Runner, runner.pk), "Look at it"))


def _hint(runner: Runner) -> str:
    backend = backends().get(runner.kind)  # None if the setting lost it
    return backend.silence_hint if backend else ""


def _overdue(request: HttpRequest) -> Matters:
    found = overdue_attempts()
    url = list_url(TaskAttempt, attention="overdue")
    matters = Matters("Overdue tasks", "clock", url, found.count())
    first = found.select_related("task").defer("payload", "task__payload")
    for attempt in first.order_by("lease_expires_at")[:SHOWN]:
        name = link(page_url(Task, attempt.task_id), attempt.task)
        text = format_html("{}: {} has not reported on it in time.", name, attempt.runner_name)
        cures = _cures(request, Task, ("cancel",), [attempt.task_id])
        matters.lines.append(Matter("task", "overdue", text, attempt.lease_expires_at, cures))
    return matters


def _cures(
    request: HttpRequest, model: Any, names: Sequence[str], rows: Sequence[object]
) -> list[Cure]:
    page: Any = admin.site.get_model_admin(model)
    if not (page.has_view_permission(request) and page.has_operate_permission(request)):
        return []
    return [Cure(BY_NAME[name], list_url(model), rows) for name in names]


def _named(run: WorkflowRun) -> SafeString:
    return link(page_url(WorkflowRun, run.pk), f"run {run.pk}")

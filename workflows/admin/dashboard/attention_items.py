"""
The items that need attention, as the dashboard lists them.

Each says what is wrong and why, and has the actions that its reader is allowed to take.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Min, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from runners.kinds import backends
from runners.models import Runner
from workflows.admin.actions.registry import (
    APPROVAL_OPERATIONS,
    ASK,
    CANCEL,
    CANCEL_REST,
    DECLARE_LOST,
    MARK_SUCCESS,
    RESUME,
    RETRY,
    AdminOperation,
)
from workflows.admin.ui.display import link, list_url, page_url, run_link
from workflows.admin.ui.sentences import linked
from workflows.insight.attention import (
    NOBODY_LOOKS,
    RunnerProblem,
    failed_or_stuck_runs,
    overdue_attempts,
    runner_problems,
    unattended_attempts,
    undecided,
)
from workflows.insight.phrases import describe_causes
from workflows.models import Approval, RunState, Task, TaskAttempt, WorkflowRun
from workflows.models.task import BROKEN
from workflows.runs.readiness import Cause, causes_of, deadlocks

SHOWN = 5
"""How many items of each group are shown; the lists have all of them."""
MOST_CAUSES = 50
"""How many failed tasks of a run a button acts on; if there are more, use their list."""
LONGEST_REASON = 100
STATE_SUFFIXES = {RunState.PAUSED: ", paused", RunState.RUNNING: ", still running"}


@dataclass(frozen=True, slots=True)
class SuggestedAction:
    """A button that starts an operation on rows of a list."""

    operation: AdminOperation
    url: str
    rows: Sequence[object]
    reason: str = ""
    """Why the operation would be refused; if set, the button is greyed out."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A link to the page where an item can be dealt with."""

    url: str
    label: str


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """One line of the list: what is wrong, and what its reader can do about it."""

    badge: str
    text: SafeString
    since: datetime | None = None
    suggested_actions: Sequence[SuggestedAction] = ()
    shortcut: Shortcut | None = None


@dataclass(slots=True)
class AttentionGroup:
    """The first items of one kind, and the list that has all of them."""

    title: str
    icon: str
    url: str
    total: int
    items: list[AttentionItem] = field(default_factory=list)


def attention_groups(request: HttpRequest) -> list[AttentionGroup]:
    """Return what needs attention, of the kinds that the reader may see."""
    may = request.user.has_perm
    makers = (
        ("workflows.view_workflowrun", _run_group),
        ("workflows.view_approval", _approval_group),
        ("runners.view_runner", _runner_group),
        ("workflows.view_taskattempt", _unattended_group),
        ("workflows.view_taskattempt", _overdue_group),
    )
    groups = [make_group(request) for permission, make_group in makers if may(permission)]
    return [group for group in groups if group.total]


def _run_group(request: HttpRequest) -> AttentionGroup:
    found = failed_or_stuck_runs()
    url = list_url(WorkflowRun, attention="failed")
    group = AttentionGroup("Failed and stuck runs", "failed", url, found.count())
    latest_first = (F("finished_at").desc(nulls_first=True), "-pk")
    shown = list(found.defer("last_dispatch").order_by(*latest_first)[:SHOWN])
    causes, deadlocked = _causes_by_run(shown), deadlocks(shown)
    for run in shown:
        blocked = deadlocked[run.pk]["blocked"] if run.pk in deadlocked else 0
        group.items.append(_run_item(request, run, causes[run.pk], blocked))
    return group


def _causes_by_run(runs: Sequence[WorkflowRun]) -> dict[int, list[Cause]]:
    tasks = Task.objects.filter(run__in=runs, state__in=BROKEN).defer("payload")
    place = Window(RowNumber(), partition_by="run", order_by="position")
    broken = list(tasks.annotate(place=place).filter(place__lte=MOST_CAUSES))
    found: dict[int, list[Cause]] = defaultdict(list)
    for task, cause in zip(broken, causes_of(broken), strict=True):
        short = Truncator(cause.reason).chars(LONGEST_REASON)
        found[task.run_id or 0].append(replace(cause, reason=short))
    return found


def _run_item(
    request: HttpRequest, run: WorkflowRun, causes: Sequence[Cause], blocked: int
) -> AttentionItem:
    """Return the line of a run, in which `blocked` tasks can never run."""
    summary = linked(_failure_summary(run, causes), [cause.as_json() for cause in causes])
    suffix = STATE_SUFFIXES.get(run.state, "")
    stuck = f" {blocked} task{'s' if blocked > 1 else ''} can never run." if blocked else ""
    name = run_link(run.pk)
    text = format_html("{} {}{}: {}.{}", name, run.template_name, suffix, summary, stuck)
    badge = "deadlocked" if blocked else run.state if run.state == RunState.PAUSED else "failed"
    actions = _run_actions(request, run, causes, is_deadlocked=blocked > 0)
    shortcut = _all_broken_tasks(run) if run.broken_count > len(causes) else None
    return AttentionItem(badge, text, run.finished_at or run.updated_at, actions, shortcut)


def _failure_summary(run: WorkflowRun, causes: Sequence[Cause]) -> str:
    if run.is_set_aside:
        return f"set aside, since {'; '.join(run.set_aside.splitlines())}"
    if run.broken_count <= len(causes):
        return describe_causes(causes)
    return f"{describe_causes(causes[:1])} and {run.broken_count - 1:,} more"


def _all_broken_tasks(run: WorkflowRun) -> Shortcut:
    url = list_url(Task, run=run.pk, state__in=",".join(BROKEN))
    return Shortcut(url, f"All {run.broken_count:,} tasks")


def _run_actions(
    request: HttpRequest, run: WorkflowRun, causes: Sequence[Cause], *, is_deadlocked: bool
) -> Sequence[SuggestedAction]:
    """Return the actions on the failed tasks, unless there are too many, and those on the run."""
    tasks = [cause.task_id for cause in causes]
    of_tasks = _actions(request, Task, (RETRY, MARK_SUCCESS), tasks)
    return [
        *(of_tasks if len(causes) == run.broken_count else []),
        # Its check would query again, for each run, what makes it stuck.
        *(_actions(request, WorkflowRun, (CANCEL_REST,), [run.pk]) if is_deadlocked else []),
        *_checked_actions(request, run, (RESUME,)),
    ]


def _approval_group(request: HttpRequest) -> AttentionGroup:
    found = undecided(Approval.objects.all())
    group = AttentionGroup("Waiting for approval", "approval", list_url(Approval), found.count())
    first = found.select_related("task__run").defer("task__payload", "task__run__last_dispatch")
    for approval in first.order_by("id")[:SHOWN]:
        text = format_html(
            "{}{}: {}{}",
            link(page_url(Approval, approval.pk), approval.task),
            _of_run(approval.task),
            approval.task.title,
            f" ({approval.reason})" if approval.reason else "",
        )
        actions = _checked_actions(request, approval, APPROVAL_OPERATIONS)
        group.items.append(AttentionItem("approval", text, approval.created_at, actions))
    return group


def _of_run(task: Task) -> str:
    if not task.run:
        return ""
    return format_html(" of {} {}", run_link(task.run_id), task.run.template_name)


def _runner_group(request: HttpRequest) -> AttentionGroup:
    problems = runner_problems()
    group = AttentionGroup("Runners", "runners", list_url(Runner), len(problems))
    group.items = [_runner_item(request, problem) for problem in problems[:SHOWN]]
    return group


def _runner_item(request: HttpRequest, problem: RunnerProblem) -> AttentionItem:
    tasks = f"{problem.tasks} ready task{'s wait' if problem.tasks > 1 else ' waits'}"
    may_change = request.user.has_perm("runners.change_runner")
    if (runner := problem.runner) is None:
        text = format_html("There is no default runner: {}.", tasks)
        shortcut = Shortcut(list_url(Runner), "Choose one")
        return AttentionItem("refused", text, shortcut=shortcut if may_change else None)
    if problem.silent_since:
        return _silent_item(runner, problem)
    url = page_url(Runner, runner.pk)
    if problem.uncalled_since:
        text = format_html(
            "{} has never called back; {}", link(url, runner), runner.callback_question
        )
        return AttentionItem(
            "silent", text, problem.uncalled_since, shortcut=Shortcut(url, "Look at it")
        )
    if not runner.is_enabled:
        text = format_html("{}: {} for it.", link(url, runner), tasks)
        shortcut = Shortcut(url, "Enable it")
        return AttentionItem("disabled", text, shortcut=shortcut if may_change else None)
    text = format_html("{}: {} for it. {}", link(url, runner), tasks, problem.refusal)
    return AttentionItem("refused", text, shortcut=Shortcut(url, "Look at it"))


def _silent_item(runner: Runner, problem: RunnerProblem) -> AttentionItem:
    name = link(page_url(Runner, runner.pk), runner)
    attempts = f"{problem.tasks} attempt{'s' if problem.tasks > 1 else ''}"
    text = format_html("{} is silent: it has not started {}. {}", name, attempts, _hint(runner))
    url = list_url(TaskAttempt, outcome__exact="", runner_kind=runner.kind)
    return AttentionItem(
        "silent", text, problem.silent_since, shortcut=Shortcut(url, "Its attempts")
    )


def _hint(runner: Runner) -> str:
    backend = backends().get(runner.kind)  # None if RUNNER_BACKENDS no longer has it
    return backend.silence_hint if backend else ""


def _unattended_group(request: HttpRequest) -> AttentionGroup:
    found = unattended_attempts().aggregate(n=Count("pk"), since=Min("lease_expires_at"))
    url = list_url(TaskAttempt, recovery="none")
    text = format_html("{}", NOBODY_LOOKS)
    item = AttentionItem("overdue", text, found["since"], shortcut=Shortcut(url, "Look at them"))
    return AttentionGroup("Recovery", "clock", url, found["n"], [item])


def _overdue_group(request: HttpRequest) -> AttentionGroup:
    found = overdue_attempts()
    url = list_url(TaskAttempt, attention="overdue")
    group = AttentionGroup("Overdue tasks", "clock", url, found.count())
    first = found.select_related("task").defer("payload", "task__payload")
    for attempt in first.order_by("lease_expires_at")[:SHOWN]:
        name = link(page_url(Task, attempt.task_id), attempt.task)
        text = format_html("{}: {} has not reported on it in time.", name, attempt.runner_name)
        known = (CANCEL, DECLARE_LOST) if attempt.backend.claims else (ASK, CANCEL, DECLARE_LOST)
        actions = _actions(request, Task, known, [attempt.task_id])
        group.items.append(AttentionItem("overdue", text, attempt.lease_expires_at, actions))
    return group


def _actions(
    request: HttpRequest, model: Any, operations: Sequence[AdminOperation], rows: Sequence[object]
) -> list[SuggestedAction]:
    """Return operations on rows that are known to allow them, if the reader may operate."""
    page: Any = admin.site.get_model_admin(model)
    if not (page.has_view_permission(request) and page.has_operate_permission(request)):
        return []
    return [SuggestedAction(each, list_url(model), rows) for each in operations]


def _checked_actions(
    request: HttpRequest, row: WorkflowRun | Approval, operations: Sequence[AdminOperation]
) -> list[SuggestedAction]:
    """Return the operations on a row as its own page offers them, greyed ones with the reason."""
    page: Any = admin.site.get_model_admin(type(row))
    buttons = page.buttons(request, row, operations) if page.has_view_permission(request) else []
    url = list_url(type(row))
    return [SuggestedAction(each.operation, url, [row.pk], each.reason) for each in buttons]

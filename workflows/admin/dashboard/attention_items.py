"""
The items that need attention, as the dashboard lists them.

Each says what is wrong and why, and has the actions that its reader is allowed to take.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from runners.kinds import backends
from runners.models import Runner
from workflows.admin.actions.registry import (
    APPROVAL_OPERATIONS,
    ASK,
    CANCEL,
    DECLARE_LOST,
    AdminOperation,
)
from workflows.admin.dashboard.items import (
    AttentionGroup,
    AttentionItem,
    Shortcut,
    SuggestedAction,
    known_actions,
)
from workflows.admin.dashboard.run_items import run_items
from workflows.admin.dashboard.whose import whose
from workflows.admin.ui.display import badge, link, list_url, page_url, run_link
from workflows.insight.attention import (
    MOST_COUNTED,
    NOBODY_LOOKS,
    RunnerProblem,
    failed_or_stuck_count,
    failed_or_stuck_runs,
    overdue_attempts,
    runner_problems,
    unattended_attempts,
    worth_deciding,
)
from workflows.models import Approval, Task, TaskAttempt, WorkflowRun
from workflows.sites import model_admin_of

SHOWN = 5
"""How many items of each group are shown; the lists have all of them."""


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
    chosen = makers[:2] if whose(request).is_mine else makers
    groups = [make_group(request) for permission, make_group in chosen if may(permission)]
    return [group for group in groups if group.total]


def _counted(rows: QuerySet[Any]) -> int:
    return rows[:MOST_COUNTED].count()


def _run_group(request: HttpRequest) -> AttentionGroup:
    mine = whose(request)
    found = failed_or_stuck_runs().filter(mine.runs)
    total = _counted(found) if mine.is_mine else failed_or_stuck_count()
    url = list_url(WorkflowRun, attention="failed", **mine.search)
    group = AttentionGroup("Failed and stuck runs", "failed", url, total)
    group.items = run_items(request)
    return group


def _approval_group(request: HttpRequest) -> AttentionGroup:
    found = worth_deciding(Approval.objects.filter(whose(request).approvals))
    group = AttentionGroup("Waiting for approval", "approval", list_url(Approval), _counted(found))
    first = found.select_related("task__run").defer("task__payload", "task__run__last_dispatch")
    for approval in first.order_by("id")[:SHOWN]:
        text = format_html(
            "{}{}: {}{}{}",
            _run_of(approval.task),
            link(page_url(Approval, approval.pk), approval.task),
            approval.task.title,
            f" ({approval.reason})" if approval.reason else "",
            _asked_by(approval.task),
        )
        actions = _checked_actions(request, approval, APPROVAL_OPERATIONS)
        group.items.append(AttentionItem(badge("approval"), text, approval.created_at, actions))
    return group


def _run_of(task: Task) -> str:
    if not (run := task.run):
        return ""
    named = format_html("<strong>{}</strong> · ", run.template_name) if run.template_name else ""
    return format_html("{}{} · ", named, run_link(run.pk))


def _asked_by(task: Task) -> str:
    asks = task.run.initiated_by if task.run else ""
    return format_html(", asked by <strong>{}</strong>", asks) if asks else ""


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
        return AttentionItem(badge("refused"), text, shortcut=shortcut if may_change else None)
    if problem.silent_since:
        return _silent_item(runner, problem)
    url = page_url(Runner, runner.pk)
    if problem.uncalled_since:
        text = format_html(
            "{} has never called back; {}", link(url, runner), runner.callback_question
        )
        return AttentionItem(
            badge("silent"), text, problem.uncalled_since, shortcut=Shortcut(url, "Look at it")
        )
    if not runner.is_enabled:
        text = format_html("{}: {} for it.", link(url, runner), tasks)
        shortcut = Shortcut(url, "Enable it")
        return AttentionItem(badge("disabled"), text, shortcut=shortcut if may_change else None)
    text = format_html("{}: {} for it. {}", link(url, runner), tasks, problem.refusal)
    return AttentionItem(badge("refused"), text, shortcut=Shortcut(url, "Look at it"))


def _silent_item(runner: Runner, problem: RunnerProblem) -> AttentionItem:
    name = link(page_url(Runner, runner.pk), runner)
    attempts = f"{problem.tasks} attempt{'s' if problem.tasks > 1 else ''}"
    text = format_html("{} is silent: it has not started {}. {}", name, attempts, _hint(runner))
    url = list_url(TaskAttempt, outcome__exact="", runner_kind=runner.kind)
    return AttentionItem(
        badge("silent"), text, problem.silent_since, shortcut=Shortcut(url, "Its attempts")
    )


def _hint(runner: Runner) -> str:
    backend = backends().get(runner.kind)  # None if RUNNER_BACKENDS no longer has it
    return backend.silence_hint if backend else ""


def _unattended_group(request: HttpRequest) -> AttentionGroup:
    found = unattended_attempts().aggregate(n=Count("pk"), since=Min("lease_expires_at"))
    url = list_url(TaskAttempt, recovery="none")
    text = format_html("{}", NOBODY_LOOKS)
    item = AttentionItem(
        badge("overdue"), text, found["since"], shortcut=Shortcut(url, "Look at them")
    )
    return AttentionGroup("Recovery", "clock", url, found["n"], [item])


def _overdue_group(request: HttpRequest) -> AttentionGroup:
    found = overdue_attempts()
    url = list_url(TaskAttempt, attention="overdue")
    group = AttentionGroup("Overdue tasks", "clock", url, _counted(found))
    first = found.select_related("task").defer("payload", "task__payload")
    for attempt in first.order_by("lease_expires_at")[:SHOWN]:
        name = link(page_url(Task, attempt.task_id), attempt.task)
        text = format_html("{}: {} has not reported on it in time.", name, attempt.runner_name)
        known = (CANCEL, DECLARE_LOST) if attempt.backend.claims else (ASK, CANCEL, DECLARE_LOST)
        actions = known_actions(request, Task, known, [attempt.task_id])
        group.items.append(AttentionItem(badge("overdue"), text, attempt.lease_expires_at, actions))
    return group


def _checked_actions(
    request: HttpRequest, row: WorkflowRun | Approval, operations: Sequence[AdminOperation]
) -> list[SuggestedAction]:
    """Return the operations on a row as its own page offers them, greyed ones with the reason."""
    page = model_admin_of(type(row))
    may_view = page and page.has_view_permission(request)
    buttons = page.buttons(request, row, operations) if may_view else []
    url = list_url(type(row))
    return [SuggestedAction(each.operation, url, [row.pk], each.reason) for each in buttons]

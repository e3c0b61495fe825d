"""
The items that need attention, as the dashboard lists them.

Each says what is wrong and why, and has the actions that its reader is allowed to take.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, Min, QuerySet
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
    DECLARE_LOST,
    OPERATIONS,
    AdminOperation,
)
from workflows.admin.ui.display import badge, link, list_url, page_url, run_badges, run_link
from workflows.admin.ui.sentences import linked
from workflows.insight.attention import (
    MOST_COUNTED,
    NOBODY_LOOKS,
    RunnerProblem,
    failed_or_stuck_count,
    first_failed_or_stuck_runs,
    overdue_attempts,
    runner_problems,
    unattended_attempts,
    undecided,
)
from workflows.insight.phrases import MOST_NAMED
from workflows.insight.situation import Situation, situations
from workflows.models import Approval, Task, TaskAttempt, WorkflowRun
from workflows.models.task import BROKEN

SHOWN = 5
"""How many items of each group are shown; the lists have all of them."""
LONGEST_SENTENCE = 500


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

    badges: SafeString
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
    """How many there are, as far as they are counted."""
    items: list[AttentionItem] = field(default_factory=list)

    @property
    def number(self) -> str:
        """Return `99+` if there are more than are counted."""
        return f"{self.total}" if self.total < MOST_COUNTED else f"{MOST_COUNTED - 1}+"


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


def _counted(rows: QuerySet[Any]) -> int:
    return rows[:MOST_COUNTED].count()


def _run_group(request: HttpRequest) -> AttentionGroup:
    url = list_url(WorkflowRun, attention="failed")
    group = AttentionGroup("Failed and stuck runs", "failed", url, failed_or_stuck_count())
    shown = first_failed_or_stuck_runs(SHOWN)
    found_by_run = situations(shown)
    group.items = [_run_item(request, run, found_by_run[run.pk]) for run in shown]
    return group


def _run_item(request: HttpRequest, run: WorkflowRun, situation: Situation) -> AttentionItem:
    """Return the line of a run: the sentence on it, and the operations that help."""
    sentence = Truncator(situation.sentence).chars(LONGEST_SENTENCE)
    said = linked(sentence, [task.as_json() for task in situation.tasks])
    text = format_html("{} {}: {}", run_link(run.pk), run.template_name, said)
    actions = _suggested(request, run, situation)
    shortcut = _all_broken_tasks(run) if run.broken_count > MOST_NAMED else None
    since = run.finished_at or run.updated_at
    return AttentionItem(run_badges(run, situation), text, since, actions, shortcut)


def _suggested(
    request: HttpRequest, run: WorkflowRun, situation: Situation
) -> list[SuggestedAction]:
    """Return what the sentence suggests, one button for all tasks; approvals have their group."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for each in situation.suggestions:
        rows[each.operation, each.target].append(each.id)
    # Three of many failed tasks are named: a button for those alone would mislead.
    is_many = run.broken_count > MOST_NAMED
    models = {"run": WorkflowRun} if is_many else {"run": WorkflowRun, "task": Task}
    return [
        action
        for (operation, target), ids in rows.items()
        if target in models
        for action in _actions(request, models[target], [OPERATIONS[operation]], ids)
    ]


def _all_broken_tasks(run: WorkflowRun) -> Shortcut:
    url = list_url(Task, run=run.pk, state__in=",".join(BROKEN))
    return Shortcut(url, f"All {run.broken_count:,} tasks")


def _approval_group(request: HttpRequest) -> AttentionGroup:
    found = undecided(Approval.objects.all())
    group = AttentionGroup("Waiting for approval", "approval", list_url(Approval), _counted(found))
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
        group.items.append(AttentionItem(badge("approval"), text, approval.created_at, actions))
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
        actions = _actions(request, Task, known, [attempt.task_id])
        group.items.append(AttentionItem(badge("overdue"), text, attempt.lease_expires_at, actions))
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

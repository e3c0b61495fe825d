"""Failed and stuck runs as items of the dashboard; those that failed in the same way are one."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from workflows.admin.actions.registry import OPERATIONS
from workflows.admin.dashboard.items import AttentionItem, Shortcut, SuggestedAction, known_actions
from workflows.admin.dashboard.telling_lines import line_of, lines_of
from workflows.admin.dashboard.whose import whose
from workflows.admin.ui.display import badge, link, list_url, listed, page_url, run_link
from workflows.admin.ui.sentences import linked
from workflows.insight.attention import MOST_COUNTED, first_failed_or_stuck_runs
from workflows.insight.log_end import LastLine
from workflows.insight.phrases import MOST_NAMED
from workflows.insight.situation import Situation, situations
from workflows.models import RunState, Task, TaskState, WorkflowRun
from workflows.models.task import BROKEN

SHOWN = 5
LONGEST_SENTENCE = 500
MOST_LINKS = 6
CHANGING = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8,}|\d+", re.IGNORECASE)
"""What differs between the same errors: numbers, addresses, ids."""


def run_items(request: HttpRequest) -> list[AttentionItem]:
    """Return the first items; takes a constant number of statements."""
    runs = first_failed_or_stuck_runs(MOST_COUNTED, whose(request).runs)
    standing = situations(runs)
    lines = lines_of(request, standing.values())
    alike: dict[object, list[WorkflowRun]] = defaultdict(list)
    for run in runs:
        alike[_likeness(run, standing[run.pk], lines)].append(run)
    groups = [*alike.values()][:SHOWN]
    return [_item(request, group, standing, lines) for group in groups]


def _likeness(run: WorkflowRun, situation: Situation, lines: Mapping[int, LastLine]) -> object:
    """Return what is equal for runs that failed in the same way; else something of its own."""
    causes = situation.tasks
    if run.state != RunState.FAILED or run.template_id is None or not causes:
        return run.pk
    if run.is_set_aside or any(each.step_id is None for each in causes):
        return run.pk
    printed = next((lines[each.task_id].text for each in causes if each.task_id in lines), "")
    steps = tuple((each.step_id, each.status) for each in causes)
    return run.template_id, run.broken_count, steps, CHANGING.sub("#", printed or causes[0].reason)


def _item(
    request: HttpRequest,
    runs: Sequence[WorkflowRun],
    standing: Mapping[int, Situation],
    lines: Mapping[int, LastLine],
) -> AttentionItem:
    """Return one line: the sentence, what was printed, and the operations that help."""
    first = runs[0]
    situation = standing[first.pk]
    text = _text_of_many(runs, situation) if len(runs) > 1 else _text(first, situation)
    since = min(run.finished_at or run.updated_at for run in runs)
    actions = _suggested(request, runs, standing)
    return AttentionItem(
        badge("set aside" if first.is_set_aside else first.state, _badge_of(first)),
        text,
        since,
        actions,
        _all_broken_tasks(first) if first.broken_count > MOST_NAMED else None,
        line_of(first, situation, lines),
        covers=len(runs),
    )


def _badge_of(run: WorkflowRun) -> str:
    return "refused" if run.is_set_aside else run.state


def _text(run: WorkflowRun, situation: Situation) -> SafeString:
    sentence = Truncator(situation.statement).chars(LONGEST_SENTENCE)
    said = linked(sentence, [task.as_json() for task in situation.tasks])
    name = run.template_name
    named = format_html("<strong>{}</strong> · ", name) if name else ""
    return format_html("{}{}: {}", named, run_link(run.pk), said)


def _text_of_many(runs: Sequence[WorkflowRun], situation: Situation) -> SafeString:
    cause = situation.tasks[0]
    return format_html(
        "<strong>{}</strong> · {} {} the same way in {} runs: {}",
        runs[0].template_name,
        link(page_url(Task, cause.task_id), cause.step_id),
        "failed" if cause.status == TaskState.FAILED else "was canceled",
        len(runs),
        listed((link(page_url(WorkflowRun, run.pk), run.pk) for run in runs), most=MOST_LINKS),
    )


def _suggested(
    request: HttpRequest, runs: Sequence[WorkflowRun], standing: Mapping[int, Situation]
) -> list[SuggestedAction]:
    """Return what the sentences suggest, one button for all tasks; approvals have their group."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for run in runs:
        for each in standing[run.pk].suggestions:
            rows[each.operation, each.target].append(each.id)
    # Three of many failed tasks are named: a button for those alone would mislead.
    is_many = runs[0].broken_count > MOST_NAMED
    models: dict[str, Any] = {"run": WorkflowRun} if is_many else {"run": WorkflowRun, "task": Task}
    return [
        action
        for (operation, target), ids in rows.items()
        if target in models
        for action in known_actions(request, models[target], [OPERATIONS[operation]], ids)
    ]


def _all_broken_tasks(run: WorkflowRun) -> Shortcut:
    url = list_url(Task, run=run.pk, state__in=",".join(BROKEN))
    return Shortcut(url, f"All {run.broken_count:,} tasks")

"""The line of facts on a run's page: who started it, how long it took, its parameters."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from workflows.admin.runs.drawn import builder_url, trial_note
from workflows.admin.runs.rows import given_parameters
from workflows.admin.templates.versions import version_url
from workflows.admin.ui.display import IN_BAR, list_url, page_url, run_link
from workflows.insight.durations import is_slow, seconds_of_run, usual_of_runs
from workflows.models import RunState, TaskState, WorkflowRun, WorkflowTemplate
from workflows.search.syntax import quoted

MOST_CHARACTERS = 70
"""So many characters of parameters stand in the line; the others are counted."""
LONGEST_VALUE = 32
MASKED = "••••"
BAR_WIDTH = 64
WAYS = {"": "", "web": "", "command": "", "code": " by code"}
"""How a run was started, where its name does not say it already."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as a chip: what is shown, what is copied, and the runs that have the same."""

    name: str
    text: str
    value: str = ""
    same: str = ""


def facts(run: WorkflowRun) -> dict[str, Any]:
    """Return the context of the title and the line of facts; at most one statement."""
    shown, left_out = chosen_parameters(run)
    return {
        "original": run,
        "template_url": builder_url(run)
        or (run.template_id and page_url(WorkflowTemplate, run.template_id)),
        "trial_note": trial_note(run),
        "version_url": run.template_id
        and run.template_version
        and version_url(run.template_id, run.template_version),
        "bar": list(progress_pieces(run)),
        "ended": run.success_count + run.broken_count,
        "total": sum(run.task_counts.values()),
        "starter": starter(run),
        "time": _time(run),
        "parameters": shown,
        "more_parameters": left_out,
    }


def progress_pieces(run: WorkflowRun) -> Iterator[dict[str, Any]]:
    """Yield the pieces of the progress bar, in percent of its width."""
    counts, at = run.task_counts, 0.0
    total = sum(counts.values()) or 1
    for state in (*IN_BAR, TaskState.PENDING):
        if n := counts[state]:
            width = 100 * n / total
            yield {"state": state, "count": n, "x": round(at, 2), "width": round(width, 2)}
            at += width


def starter(run: WorkflowRun) -> SafeString:
    """Return who or what started a run, for whom, and which run it repeats."""
    parts = [_by(run)]
    if run.initiated_by and run.initiated_by != run.creator.name:
        parts.append(format_html(" for {}", run.initiated_by))
    if run.again_of:
        parts.append(format_html(", again as {}", run_link(run.again_of)))
    return format_html_join("", "{}", ((part,) for part in parts))


def _by(run: WorkflowRun) -> SafeString:
    if isinstance(run.trigger, dict):
        kind, key, name, moment = map(run.trigger.get, ("kind", "id", "name", "moment"))
        what = " ".join(str(each) for each in (kind, name or key) if each)
        return format_html("by {}{}", what, f" for {moment}" if moment else "")
    who = run.creator
    if not who.name:
        return format_html("")
    return format_html("by <strong>{}</strong>{}", who.name, WAYS.get(who.via, f" via {who.via}"))


def _time(run: WorkflowRun) -> dict[str, Any] | None:
    """Return how long a run took or runs, against what is usual for its template."""
    seconds = seconds_of_run(run)
    if seconds is None:
        return None
    known = [run.template_id] if run.template_id and run.expands_template else []
    usual = usual_of_runs(known).get(run.template_id or 0)
    full = max(seconds, usual or 0) or 1
    return {
        "seconds": seconds,
        "usual": usual,
        "is_slow": is_slow(seconds, usual),
        "width": round(BAR_WIDTH * seconds / full),
        "tick": round((BAR_WIDTH - 1) * (usual or 0) / full),
        **_end(run, usual),
    }


def _end(run: WorkflowRun, usual: float | None) -> dict[str, Any]:
    """Return when a run that works should end, or how late it is."""
    began: datetime | None = run.reopened_at or run.started_at
    if run.state != RunState.RUNNING or not run.active_count or not usual or not began:
        return {}
    end = began + timedelta(seconds=usual)
    late = (timezone.now() - end).total_seconds()
    return {"late": late} if late > 0 else {"end": end}


def chosen_parameters(run: WorkflowRun) -> tuple[list[Parameter], int]:
    """Return the first parameters of a run, as many as stand in a line, and how many are left."""
    everything = list(_parameters(run))
    shown, room = [], MOST_CHARACTERS
    for each in everything:
        room -= len(each.name) + len(each.text) + 3
        if room < 0:
            break
        shown.append(each)
    return shown, len(everything) - len(shown)


def _parameters(run: WorkflowRun) -> Iterator[Parameter]:
    for name, value in given_parameters(run).items():
        if name in run.secret_names:
            yield Parameter(name, MASKED)
            continue
        whole = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        text = _text(value)
        short = text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
        is_searchable = isinstance(value, str | int) and not isinstance(value, bool)
        same = list_url(WorkflowRun, q=f"param:{name}={quoted(whole)}") if is_searchable else ""
        yield Parameter(name, short, whole, same)


def _text(value: Any) -> str:
    """Return a value as people say it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

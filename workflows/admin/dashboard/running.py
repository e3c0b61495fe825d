"""The runs that have not ended: how far they are, and when they are expected to end."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from workflows.admin.ui.display import list_url, progress_bar, time_shown
from workflows.insight.durations import is_slow, seconds_of_run, usual_of_runs
from workflows.insight.phrases import duration_text
from workflows.insight.situation import situations
from workflows.models import RunState, WorkflowRun
from workflows.models.run import UNFINISHED
from workflows.runs.readiness import APPROVAL, HOLD

MOST_RUNS = 10
"""How many of the unfinished runs are shown."""
WAITS_FOR = {APPROVAL: "waits for approval", HOLD: "on hold"}


class RunningRow(NamedTuple):
    """A run that has not ended."""

    run: WorkflowRun
    by: str
    progress: SafeString
    note: str | SafeString
    """When it is expected to end, or why it does not go on."""
    needs_attention: bool
    about: str
    """The sentence on the run."""


def running_context() -> dict[str, Any]:
    """Return the runs that have not ended; a constant number of statements."""
    unfinished = WorkflowRun.objects.filter(state__in=UNFINISHED).defer("last_dispatch")
    return {
        "unfinished": list(_rows(list(unfinished.order_by("-pk")[:MOST_RUNS]))),
        "unfinished_count": unfinished.count(),
        "unfinished_url": list_url(WorkflowRun, state__in=",".join(UNFINISHED)),
        "runs_url": list_url(WorkflowRun),
    }


def _rows(runs: list[WorkflowRun]) -> Iterator[RunningRow]:
    standing = situations(runs)
    usual = usual_of_runs({run.template_id for run in runs if run.template_id})
    for run in runs:
        situation = standing[run.pk]
        waits = next(filter(None, (WAITS_FOR.get(each.status) for each in situation.tasks)), "")
        known = usual.get(run.template_id or 0)
        note = _note(run, waits, known)
        by = run.initiated_by or run.creator.name
        stands = run.state != RunState.RUNNING or bool(waits and not run.active_count)
        late = is_slow(seconds_of_run(run), known)
        yield RunningRow(
            run, by, progress_bar(run.task_counts), note, stands or late, situation.sentence
        )


def _note(run: WorkflowRun, waits: str, usual: float | None) -> str | SafeString:
    if run.state == RunState.PAUSED:
        return "paused"
    if waits and not run.active_count:
        return waits
    if run.state == RunState.CREATED:
        return "not started"
    began, seconds = run.reopened_at or run.started_at, seconds_of_run(run)
    if began is None or seconds is None:
        return ""
    if usual is None:
        return format_html("since {}", time_shown(began))
    if seconds > usual:
        return f"{duration_text(seconds - usual)} late"
    end = localtime(began + timedelta(seconds=usual))
    text = 'done <time datetime="{}" data-form="minutes">{}</time>'
    return format_html(text, end.isoformat(), f"{end:%H:%M}")

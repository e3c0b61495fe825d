"""The five figures above the history of a template."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.utils.timezone import localtime

from workflows.admin.templates.latest import hue_of
from workflows.admin.ui.display import page_url
from workflows.authoring.diff import change_summary
from workflows.insight.history import RUNS, History
from workflows.insight.phrases import duration_text
from workflows.insight.recent import ENDED, RecentRun, success_share
from workflows.models import RunState, WorkflowRun, WorkflowTemplate

P90 = 0.9


class Figure(NamedTuple):
    """A number, or a name, with what it is and what it means."""

    label: str
    value: str
    hue: str = ""
    url: str = ""
    said: str = ""
    moment: datetime | None = None
    """Shown before what is said."""
    more: str = ""
    """Said after the moment."""
    form: str = "minutes"
    """How the moment is shown: `minutes`, or empty for how long ago it was."""


def figures_of(template: WorkflowTemplate, history: History) -> Iterator[Figure]:
    """Yield the figures from left to right."""
    yield _successful(history)
    yield _duration(history)
    yield _now(history)
    yield _last_failure(history)
    yield _changed(template)


def _successful(history: History) -> Figure:
    label = f"Successful, last {len(history.runs) or RUNS}"
    share = success_share(history.runs)
    if share is None:
        return Figure(label, "–", said="no run has ended yet")
    ended = [run.state for run in history.runs if run.state in ENDED]
    before = success_share(history.before)
    earlier = "" if before is None else f"; {100 * before:.0f} % the {len(history.before)} before"
    said = f"{ended.count(RunState.SUCCESS)} of {len(ended)}{earlier}"
    return Figure(
        label, f"{share:.0%}".replace("%", " %"), hue_of(share), said=said.replace("%", " %")
    )


def _duration(history: History) -> Figure:
    label = "Usual duration"
    if history.usual is None:
        return Figure(label, "–", said="known from the fifth success on")
    ranked = sorted(history.seconds)
    p90, worst = ranked[int(P90 * (len(ranked) - 1))], ranked[-1]
    day = next((f" on {_weekday(run)}" for run in history.runs if run.seconds == worst), "")
    said = f"p90 {duration_text(p90)}, worst {duration_text(worst)}{day}"
    return Figure(label, duration_text(history.usual), said=said)


def _now(history: History) -> Figure:
    label = "Now"
    open_runs = [run for run in history.runs if run.state not in ENDED]
    if not open_runs:
        last = history.runs[-1] if history.runs else None
        if last is None:
            return Figure(label, "at rest", said="it has never run")
        return Figure(label, "at rest", said="last run", moment=_moment(last.ended))
    run = open_runs[-1]
    more = f", and {len(open_runs) - 1} more" if len(open_runs) > 1 else ""
    hue = "active" if run.state == RunState.RUNNING else "stopped"
    value, url = f"run {run.id}", page_url(WorkflowRun, run.id)
    if run.state != RunState.RUNNING or run.began is None:
        return Figure(label, value, hue, url, f"{run.state}{more}")
    said = f"{duration_text(run.seconds or 0)} in"
    if history.usual is None:
        return Figure(label, value, hue, url, said + more)
    late = (run.seconds or 0) - history.usual
    if late > 0:
        return Figure(label, value, hue, url, f"{said}, {duration_text(late)} late{more}")
    return Figure(
        label, value, hue, url, f"{said}, done about", _moment(run.began + history.usual), more
    )


def _last_failure(history: History) -> Figure:
    label = "Last failure"
    failed = [place for place, run in enumerate(history.runs) if run.state == RunState.FAILED]
    if not failed:
        return Figure(label, "none", "good", said=f"in the last {len(history.runs)} runs")
    run, later = history.runs[failed[-1]], history.runs[failed[-1] + 1 :]
    cure = next((each for each in later if each.state == RunState.SUCCESS), None)
    said = f"run {cure.id} succeeded" if cure else "not cured"
    hue = "" if cure else "bad"
    return Figure(label, f"run {run.id}", hue, _url(run), "", _moment(run.ended), f", {said}")


def _changed(template: WorkflowTemplate) -> Figure:
    label, value = "Changed last", f"v{template.version}"
    kept = list(template.versions.order_by("-number")[:2])
    if not kept:
        return Figure(label, value, moment=template.updated_at, form="")
    latest, *older = kept
    what = change_summary(older[0].content, latest.content) if older else "created"
    by = f"by {latest.saved_by}: " if latest.saved_by else ""
    return Figure(label, value, said=f"{by}{what},", moment=latest.saved_at, form="")


def _url(run: RecentRun) -> str:
    return "" if run.is_removed else page_url(WorkflowRun, run.id)


def _weekday(run: RecentRun) -> str:
    return f"{localtime(_moment(run.ended)):%a}"


def _moment(seconds: float | None) -> Any:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

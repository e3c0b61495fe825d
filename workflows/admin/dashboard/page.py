"""The dashboard: what needs attention, which runs are in progress, and which have finished."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import get_current_timezone, localdate, make_aware

from workflows.admin.dashboard.attention_items import attention_groups
from workflows.admin.dashboard.chart import DAY_WIDTH, Day, chart_columns, duration_line
from workflows.admin.ui.display import list_url, progress_bar, time_shown
from workflows.models import RunRecord, RunState, WorkflowRun, WorkflowTemplate
from workflows.models.run import UNFINISHED

MOST_RUNS = 10
"""How many of the unfinished runs are shown."""
DAYS = 14
"""How many days the chart shows."""
FINISHED = (RunState.SUCCESS, RunState.FAILED, RunState.ABORTED)


def dashboard(request: HttpRequest) -> dict[str, Any]:
    """Return what the page shows to its reader; takes a constant number of statements."""
    user = request.user
    context: dict[str, Any] = {"attention_groups": attention_groups(request)}
    if user.has_perm("workflows.view_workflowrun"):
        context |= _run_context()
    if user.has_perm("workflows.view_workflowtemplate"):
        context["templates_url"] = list_url(WorkflowTemplate)
        context["has_templates"] = WorkflowTemplate.objects.exists()
    if user.has_perm("workflows.add_workflowrun"):
        context["start_run_url"] = reverse("admin:workflows_workflowrun_add")
    if user.has_perm("workflows.add_workflowtemplate"):
        context["new_template_url"] = reverse("admin:workflows_workflowtemplate_add")
    return context


def _run_context() -> dict[str, Any]:
    unfinished = WorkflowRun.objects.filter(state__in=UNFINISHED).defer("last_dispatch")
    rows = [
        (run, progress_bar(run.task_counts), time_shown(run.started_at or run.created_at))
        for run in unfinished.order_by("-pk")[:MOST_RUNS]
    ]
    days = _finished_days()
    columns = chart_columns(days)
    return {
        "unfinished": rows,
        "unfinished_count": unfinished.count(),
        "unfinished_url": list_url(WorkflowRun, state__in=",".join(UNFINISHED)),
        "runs_url": list_url(WorkflowRun),
        "days": [(day, _day_links(day)) for day in reversed(days) if day.total],
        "columns": [(column, _day_links(column.day)) for column in columns],
        "line": duration_line(columns),
        "finished": _totals(days),
        "width": DAYS * DAY_WIDTH,
    }


def _finished_days() -> list[Day]:
    today = localdate()
    first = today - timedelta(days=DAYS - 1)
    counts: dict[date, Counter[str]] = defaultdict(Counter)
    took: dict[date, timedelta] = defaultdict(timedelta)
    for row in (*_finished_since(first), *_removed_since(first)):
        counts[row["day"]][str(row["state"])] += row["n"]
        if row["state"] == RunState.SUCCESS:
            took[row["day"]] += row["took"] or timedelta()
    all_days = (first + timedelta(days=n) for n in range(DAYS))
    return [_day(day, counts[day], took[day]) for day in all_days]


def _day(day: date, counts: Counter[str], took: timedelta) -> Day:
    successes = counts[RunState.SUCCESS]
    return Day(day, counts, took.total_seconds() / successes if successes else None)


def _finished_since(first: date) -> QuerySet[WorkflowRun, Any]:
    finished = WorkflowRun.objects.filter(
        state__in=FINISHED, finished_at__gte=_midnight(first)
    ).order_by()
    by_day = finished.annotate(day=TruncDate("finished_at")).values("day", "state")
    took = F("finished_at") - Coalesce("reopened_at", "started_at")
    return by_day.annotate(n=Count("pk"), took=Sum(took))


def _removed_since(first: date) -> Iterator[dict[str, Any]]:
    """Yield the same of runs that were removed since."""
    # No later than tomorrow: a date of `infinity`, stored by SQL, is none that Python has.
    span = (_midnight(first), _midnight(localdate() + timedelta(days=1)))
    removed = RunRecord.objects.filter(removed_at__isnull=False, ended_at__range=span)
    by_day = removed.order_by().annotate(day=TruncDate("ended_at")).values("day", "state")
    for row in by_day.annotate(n=Count("pk"), ms=Sum("duration_ms")):
        yield {**row, "took": timedelta(milliseconds=row["ms"] or 0)}


def _day_links(day: Day) -> dict[str, str]:
    """Return the lists of the runs that finished on a day: of all, and by state."""
    span = {
        "finished_at__gte": _midnight(day.day).isoformat(),
        "finished_at__lt": _midnight(day.day + timedelta(days=1)).isoformat(),
    }
    by_state = {state: list_url(WorkflowRun, state__exact=state, **span) for state in day.runs}
    return {"all": list_url(WorkflowRun, state__in=",".join(FINISHED), **span), **by_state}


def _midnight(day: date) -> datetime:
    return make_aware(datetime.combine(day, time.min), get_current_timezone())


def _totals(days: Sequence[Day]) -> list[tuple[str, int, str]]:
    since = {"finished_at__gte": _midnight(days[0].day).isoformat()}
    return [
        (
            state.value,
            sum(day.runs.get(state.value, 0) for day in days),
            list_url(WorkflowRun, state__exact=state.value, **since),
        )
        for state in FINISHED
    ]

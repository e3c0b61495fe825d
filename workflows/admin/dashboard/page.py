"""The first page: what needs a hand, what runs, and what has finished."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Avg, Count, F, QuerySet
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import get_current_timezone, localdate, make_aware

from workflows.admin.dashboard.attention_items import matters_for
from workflows.admin.dashboard.chart import STEP, Day, columns, line
from workflows.admin.ui.display import done, list_url, time_shown
from workflows.models import RunState, WorkflowRun, WorkflowTemplate
from workflows.models.run import UNFINISHED

RUNNING_SHOWN = 10
DAYS = 14
FINISHED = (RunState.SUCCESS, RunState.FAILED, RunState.ABORTED)


def dashboard(request: HttpRequest) -> dict[str, Any]:
    """Return what the page shows its reader; a constant number of statements."""
    user = request.user
    context: dict[str, Any] = {"matters": matters_for(request)}
    if user.has_perm("workflows.view_workflowrun"):
        context |= _runs()
    if user.has_perm("workflows.view_workflowtemplate"):
        context["templates_url"] = list_url(WorkflowTemplate)
        context["has_templates"] = WorkflowTemplate.objects.exists()
    if user.has_perm("workflows.add_workflowrun"):
        context["run_url"] = reverse("admin:workflows_workflowrun_add")
    if user.has_perm("workflows.add_workflowtemplate"):
        context["draw_url"] = reverse("admin:workflows_workflowtemplate_add")
    return context


def _runs() -> dict[str, Any]:
    unfinished = WorkflowRun.objects.filter(state__in=UNFINISHED).defer("last_dispatch")
    rows = [
        (run, done(run.task_counts), time_shown(run.started_at or run.created_at))
        for run in unfinished.order_by("-pk")[:RUNNING_SHOWN]
    ]
    days = _days()
    chart = columns(days)
    return {
        "unfinished": rows,
        "unfinished_count": unfinished.count(),
        "unfinished_url": list_url(WorkflowRun, state__in=",".join(UNFINISHED)),
        "runs_url": list_url(WorkflowRun),
        "days": [(day, _links(day)) for day in reversed(days) if day.total],
        "columns": [(column, _links(column.day)) for column in chart],
        "line": line(chart),
        "finished": _totals(days),
        "width": DAYS * STEP,
    }


def _days() -> list[Day]:
    today = localdate()
    first = today - timedelta(days=DAYS - 1)
    counted: dict[date, dict[str, int]] = defaultdict(dict)
    seconds: dict[date, float] = {}
    for row in _finished_since(first):
        counted[row["day"]][str(row["state"])] = row["n"]
        if row["took"] is not None and row["state"] == RunState.SUCCESS:
            seconds[row["day"]] = row["took"].total_seconds()
    all_days = (first + timedelta(days=n) for n in range(DAYS))
    return [Day(day, counted.get(day, {}), seconds.get(day)) for day in all_days]


def _finished_since(first: date) -> QuerySet[WorkflowRun, Any]:
    since = make_aware(datetime.combine(first, time.min), get_current_timezone())
    finished = WorkflowRun.objects.filter(state__in=FINISHED, finished_at__gte=since).order_by()
    by_day = finished.annotate(day=TruncDate("finished_at")).values("day", "state")
    return by_day.annotate(n=Count("pk"), took=Avg(F("finished_at") - F("started_at")))


def _links(day: Day) -> dict[str, str]:
    """Return the addresses of what finished on a day: by state, and all."""
    span = {"finished_at__date": day.day.isoformat()}
    by_state = {state: list_url(WorkflowRun, state__exact=state, **span) for state in day.runs}
    return {"all": list_url(WorkflowRun, **span), **by_state}


def _totals(days: Sequence[Day]) -> list[tuple[str, int, str]]:
    since = {"finished_at__date__gte": days[0].day.isoformat()}
    return [
        (
            state.value,
            sum(day.runs.get(state.value, 0) for day in days),
            list_url(WorkflowRun, state__exact=state.value, **since),
        )
        for state in FINISHED
    ]

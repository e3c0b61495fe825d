"""What finished in the last fourteen days: by day, by state, and by template."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils.timezone import get_current_timezone, localdate, make_aware

from workflows.admin.dashboard.chart import DAY_WIDTH, Day, chart_columns
from workflows.admin.templates.latest import hue_of, latest_of
from workflows.admin.templates.overview import overview_url
from workflows.admin.ui.display import list_url
from workflows.models import RunRecord, RunState, WorkflowRun, WorkflowTemplate

DAYS = 14
"""How many days the chart shows."""
MOST_TEMPLATES = 6
"""How many templates have a row: those that failed most, then those that ran most."""
FINISHED = (RunState.SUCCESS, RunState.FAILED, RunState.ABORTED)
SAVED = {"drafts": "none"}
"""Leaves trials out of a list, as they are out of the numbers that lead to it."""
Counts = dict[str, int]


def finished_context(may: Callable[[str], bool]) -> dict[str, Any]:
    """Return the chart, the totals and the table of templates; seven statements."""
    first = localdate() - timedelta(days=DAYS - 1)
    by_day: dict[date, Counter[str]] = defaultdict(Counter)
    by_template: dict[int | None, Counter[str]] = defaultdict(Counter)
    for row in (*_finished_since(first), *_removed_since(first)):
        by_day[row["day"]][str(row["state"])] += row["n"]
        by_template[row["template_id"]][str(row["state"])] += row["n"]
    days = [Day(day, by_day[day]) for day in (first + timedelta(days=n) for n in range(DAYS))]
    total: Counter[str] = sum((Counter(day.runs) for day in days), Counter())
    sees_templates = may("workflows.view_workflowtemplate")
    return {
        "days": [(day, _day_links(day)) for day in reversed(days) if day.total],
        "columns": [(column, _day_links(column.day)) for column in chart_columns(days)],
        "finished": _totals(total, days),
        "finished_count": sum(total.values()),
        "width": DAYS * DAY_WIDTH,
        "share": _percent(share := _share(total)),
        "share_hue": hue_of(share),
        "share_before": _percent(_share(_before(first))),
        "template_rows": list(_template_rows(by_template)) if sees_templates else [],
    }


def _share(counts: Counter[str]) -> float | None:
    total = sum(counts.values())
    return counts[RunState.SUCCESS] / total if total else None


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %".replace(".0 %", " %")


def _template_rows(by_template: dict[int | None, Counter[str]]) -> Iterator[Any]:
    """Yield the template, its address and its latest runs; those that succeed least first."""
    known = [(pk, runs) for pk, runs in by_template.items() if pk is not None]
    known.sort(key=lambda item: (-item[1][RunState.FAILED], -sum(item[1].values())))
    chosen = [pk for pk, _ in known[:MOST_TEMPLATES]]
    names = dict(WorkflowTemplate.objects.filter(pk__in=chosen).values_list("pk", "name"))
    latest = latest_of([pk for pk in chosen if pk in names])
    shares = {pk: _share(by_template[pk]) or 0.0 for pk in latest}
    for pk in sorted(latest, key=lambda each: (shares[each], names[each])):
        yield names[pk], overview_url(pk), latest[pk]


def _finished_since(first: date) -> QuerySet[WorkflowRun, Any]:
    finished = _finished(finished_at__gte=midnight(first))
    by_day = finished.annotate(day=TruncDate("finished_at"))
    return by_day.values("day", "state", "template_id").annotate(n=Count("pk"))


def _finished(**span: datetime) -> QuerySet[WorkflowRun]:
    """Return the runs that finished then; drafts that were tried count nowhere."""
    finished = WorkflowRun.objects.filter(state__in=FINISHED, **span)
    return finished.filter(trial__isnull=True).order_by()


def _removed_since(first: date) -> QuerySet[RunRecord, Any]:
    """Return the same of runs that were removed since."""
    by_day = _removed(first, localdate() + timedelta(days=1)).annotate(day=TruncDate("ended_at"))
    return by_day.values("day", "state", "template_id").annotate(n=Count("pk"))


def _removed(first: date, until: date) -> QuerySet[RunRecord]:
    # With an end: a date of `infinity`, stored by SQL, is none that Python has.
    span = (midnight(first), midnight(until))
    removed = RunRecord.objects.filter(removed_at__isnull=False, ended_at__range=span)
    return removed.filter(trial__isnull=True).order_by()


def _before(first: date) -> Counter[str]:
    """Return how many runs finished in as many days before, by state."""
    start = first - timedelta(days=DAYS)
    span = {"finished_at__gte": midnight(start), "finished_at__lt": midnight(first)}
    counts: Counter[str] = Counter()
    for rows in (_finished(**span), _removed(start, first)):
        counts.update(dict(rows.values_list("state").annotate(n=Count("pk"))))
    return counts


def _day_links(day: Day) -> dict[str, str]:
    """Return the lists of the runs that finished on a day: of all, and by state."""
    span = {
        "finished_at__gte": midnight(day.day).isoformat(),
        "finished_at__lt": midnight(day.day + timedelta(days=1)).isoformat(),
        **SAVED,
    }
    by_state = {state: list_url(WorkflowRun, state__exact=state, **span) for state in day.runs}
    return {"all": list_url(WorkflowRun, state__in=",".join(FINISHED), **span), **by_state}


def midnight(day: date) -> datetime:
    """Return when a day begins."""
    return make_aware(datetime.combine(day, time.min), get_current_timezone())


def _totals(total: Counter[str], days: Sequence[Day]) -> list[tuple[str, int, str]]:
    since = {"finished_at__gte": midnight(days[0].day).isoformat(), **SAVED}
    return [
        (state.value, total[state], list_url(WorkflowRun, state__exact=state.value, **since))
        for state in FINISHED
    ]

"""What the database weighs, and what it will weigh at the present pace."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import Count, QuerySet

from runners.database import connection
from workflows.db.statements import select
from workflows.models import RunRecord, WorkflowRun
from workflows.models.policy import FOREVER
from workflows.retention.limits import RUNS, days_by_template

PACE_DAYS = 7
"""The pace is that of so many days."""
TABLE_SIZES = """
    SELECT relname, pg_total_relation_size(oid) FROM pg_class
     WHERE relkind = 'r' AND relname = ANY(%(tables)s) AND pg_table_is_visible(oid)
"""


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes of the tables with runs, and how many runs end in a day."""

    bytes: int
    tables: Sequence[tuple[str, int]]
    """The tables and their bytes with indexes, the heaviest first; none on SQLite."""
    runs: int
    runs_a_day: float
    by_days: Mapping[int, int]
    """The weight in so many days, if runs go on ending at the present pace."""


def weigh(now: datetime, *, in_days: Sequence[int] = (30, 365)) -> Weight:
    """
    Return what runs weigh.

    All runs count as equally heavy; those that were removed lately take their space. Six
    statements; the runs are counted in indexes alone, those that are being removed included:
    their rows are there.
    """
    tables = _table_sizes()
    total = sum(size for _, size in tables) if tables else _file_size()
    stored = _count_by_template(WorkflowRun.objects_with_removed.all())
    since = now - timedelta(days=PACE_DAYS)
    ended = _ended_since(since)
    a_day = {pk: runs / PACE_DAYS for pk, runs in ended.items()}
    runs = sum(stored.values())
    gone = RunRecord.objects.filter(removed_at__gte=since).count()
    of_one = total / (runs + gone) if runs + gone else 0
    return Weight(
        total,
        tables,
        runs,
        sum(a_day.values()),
        {days: round(of_one * _runs_in(days, stored, a_day)) for days in in_days},
    )


def _runs_in(
    days: int, stored: Mapping[int | None, int], a_day: Mapping[int | None, float]
) -> float:
    """Return how many runs there will be; those that are kept for a limited time do not pile up."""
    kept_days, total = days_by_template(RUNS), 0.0
    for template in {*stored, *a_day}:
        pace, limit = a_day.get(template, 0.0), kept_days.get(template, FOREVER)
        piled_up = stored.get(template, 0) + pace * days
        total += piled_up if limit == FOREVER else min(piled_up, pace * limit)
    return total


def _ended_since(since: datetime) -> dict[int | None, int]:
    """Count the runs that have ended since, by template; those that were removed as well."""
    # The few that are being removed at the moment count twice: to leave them out, rows are read.
    there = _count_by_template(WorkflowRun.objects_with_removed.filter(finished_at__gte=since))
    records = RunRecord.objects.filter(removed_at__isnull=False, ended_at__gte=since)
    return Counter(there) + Counter(_count_by_template(records))


def _count_by_template(runs: QuerySet[Any]) -> dict[int | None, int]:
    counts = runs.order_by().values("template_id").annotate(n=Count("*"))
    return dict(counts.values_list("template_id", "n"))


def _table_sizes() -> list[tuple[str, int]]:
    if connection.vendor != "postgresql":
        return []
    tables = [model._meta.db_table for model in apps.get_app_config("workflows").get_models()]
    found: list[tuple[str, int]] = [
        (name, size) for name, size in select(TABLE_SIZES, tables=tables)
    ]
    return sorted(found, key=lambda each: (-each[1], each[0]))


def _file_size() -> int:
    """Return the size of a SQLite database: its pages, free ones included."""
    [(size,)] = select("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    return int(size)

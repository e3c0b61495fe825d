"""What retention would remove now, by template."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any

from django.db.models import Count, F, Max, Min, Sum

from workflows.models import TaskState
from workflows.retention.limits import Due

TASKS = reduce(add, (F(f"{state}_count") for state in TaskState.values))


@dataclass(frozen=True, slots=True)
class Removal:
    """The runs of one template that are due by one rule."""

    template_id: int | None
    name: str
    """The latest name that one of them has of its template."""
    runs: int
    task_total: int
    oldest: datetime
    newest: datetime
    """When the first and the last of them ended."""
    reason: str


def removals(rules: Iterable[Due]) -> list[Removal]:
    """Return what is due, by template; a statement for each rule, which reads what is due."""
    return sorted(
        (Removal(**row, reason=each.reason) for each in rules for row in _by_template(each)),
        key=lambda removal: (removal.name, removal.template_id or 0),
    )


def _by_template(due: Due) -> list[dict[str, Any]]:
    groups = due.runs.values("template_id").annotate(
        name=Max("template_name"),
        runs=Count("pk"),
        task_total=Sum(TASKS),
        oldest=Min("finished_at"),
        newest=Max("finished_at"),
    )
    return [dict(group) for group in groups.order_by()]

"""Notes which runs take longer than their template expects: an event, once for each start."""

from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from runners import transaction
from workflows.insight.durations import seconds_of_run, usual_of_runs
from workflows.models import EventType, RunState, TemplatePolicy, WorkflowRun
from workflows.models.actor import Actor
from workflows.runs.bulkhead import run_alone
from workflows.runs.events import record
from workflows.runs.locks import lock_run
from workflows.runs.trail import save_trail

TIMES_USUAL = 2
MOST_RUNS = 1_000
"""So many runs are looked at in a round, the oldest first."""
GOING_ON = (RunState.RUNNING, RunState.PAUSED)


def deadlines() -> dict[int, float]:
    """Return after how many seconds a run is late, by its template; at most two statements."""
    policies = {policy.pk: policy for policy in TemplatePolicy.objects.with_deadline()}
    by_usual = [pk for pk, policy in policies.items() if policy.late_at_usual]
    found = {pk: TIMES_USUAL * usual for pk, usual in usual_of_runs(by_usual).items()}
    for pk, policy in policies.items():
        if policy.expected_minutes:
            by_clock = timedelta(minutes=policy.expected_minutes).total_seconds()
            found[pk] = min(by_clock, found.get(pk, by_clock))
    return found


def note_late_runs(*, by: Actor) -> int:
    """Note that runs are late, as a round of periodic work; return how many."""
    if not (limits := deadlines()):
        return 0
    noted = 0
    for run in _not_noted(limits):
        limit = limits[run.template_id or 0]
        if _is_late(run, limit):
            note = partial(_note, run.pk, limit, by=by)
            noted += run_alone(run.pk, "noting that it is late", note) or 0
    return noted


def _not_noted(template_ids: Collection[int]) -> list[WorkflowRun]:
    runs = WorkflowRun.objects.filter(
        template__in=template_ids,
        expands_template=True,
        finished_at=None,
        state__in=GOING_ON,
        waits_since=None,
        late_at=None,
    )
    return list(runs.order_by("pk").defer("last_dispatch")[:MOST_RUNS])


def _is_late(run: WorkflowRun, limit: float) -> bool:
    return run.state in GOING_ON and run.late_at is None and (seconds_of_run(run) or 0) > limit


@transaction.atomic
def _note(run_id: int, limit: float, *, by: Actor) -> int:
    run = lock_run(run_id)
    if not _is_late(run, limit):
        return 0
    run.late_at = timezone.now()
    WorkflowRun.objects.filter(pk=run_id).update(late_at=run.late_at)
    facts: dict[str, Any] = {"template_id": run.template_id, "expected_seconds": round(limit)}
    record(EventType.RUN_LATE, run=run, by=by, payload=facts, at=run.late_at)
    save_trail(run)
    return 1

"""Runs that ended some days ago, and what retention does about them."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import walk
from workflows.audit.lines import find_changed_lines
from workflows.audit.records import find_gone
from workflows.audit.verify import verify_run
from workflows.models import (
    Approval,
    Event,
    LogPiece,
    RunLabel,
    RunRecord,
    Task,
    TaskAttempt,
    TaskDependency,
    TemplatePolicy,
    WorkflowRun,
)
from workflows.retention.rounds import by_policy, steps

OF_RUNS = (Approval, LogPiece, RunLabel, TaskAttempt, TaskDependency, Task)
EndedRun = Callable[..., WorkflowRun]


@pytest.fixture
def ended(runs: DrawRun, script: Script) -> EndedRun:
    """Make a run of `a > b` that ended successfully so many days ago."""

    def make(days: float = 0, **fields: object) -> WorkflowRun:
        run = runs("a > b", **fields)  # type: ignore[arg-type]
        walk(run, "a", "b")
        run.refresh_from_db()
        return aged(run, days) if days else run

    return make


def aged(run: WorkflowRun, days: float) -> WorkflowRun:
    """Let a run have ended so many days ago, in its row alone."""
    at = timezone.now() - timedelta(days=days)
    WorkflowRun.objects.filter(pk=run.pk).update(finished_at=at)
    run.refresh_from_db()
    return run


def retain(*, in_days: float = 0) -> Counter[str]:
    """Remove everything that is due by policy, or that will be so many days from now."""
    done: Counter[str] = Counter()
    now = timezone.now() + timedelta(days=in_days)
    for step in steps(by_policy(now), by=who("cron")):
        done += step
    return done


def policy(run: WorkflowRun, **days: int) -> None:
    """Let the template of a run say how long runs or logs are kept."""
    TemplatePolicy.objects.create(template=run.template, **days)  # type: ignore[misc]


def rows_left() -> dict[str, int]:
    """Return how many rows of runs there are, by model, but for those without any."""
    counts = {model.__name__: model._base_manager.count() for model in OF_RUNS}
    counts["Event"] = Event.objects.exclude(run=None, task=None).count()
    counts["WorkflowRun"] = WorkflowRun.objects_with_removed.count()
    return {name: count for name, count in counts.items() if count}


def all_findings() -> list[str]:
    """Return what `verify_run --all` would find."""
    runs = WorkflowRun.objects.order_by("pk").values_list("pk", flat=True)
    found = [finding for pk in runs for finding in verify_run(pk)]
    return [each.sentence for each in (*found, *find_gone(), *find_changed_lines())]


def record_of(run: WorkflowRun) -> RunRecord:
    """Return what stays of a run."""
    return RunRecord.objects.get(pk=run.pk)

"""A run that takes longer than its template expects is late: shown, counted, and noted once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.trail import check_trail
from tests.support.verbs import dispatch, finish, task
from workflows import operations
from workflows.insight.attention import failed_or_stuck_count
from workflows.insight.situation import sentence_on
from workflows.models import Event, EventType, WorkflowRun, WorkflowTemplate
from workflows.operations.deadlines import note_late_runs
from workflows.operations.policy import set_policy

pytestmark = pytest.mark.django_db
ADA = who("ada")


def begun(template: WorkflowTemplate, **ago: float) -> WorkflowRun:
    """Return a run that has begun so long ago."""
    run = RunFactory.create(template=template)
    dispatch(run)
    shift(run, **ago)
    return run


def shift(run: WorkflowRun, **ago: float) -> None:
    """Let a run have begun earlier, with the event that says so."""
    at = timezone.now() - timedelta(**ago)
    WorkflowRun.objects.filter(pk=run.pk).update(started_at=at)


def lates(run: WorkflowRun) -> int:
    """Return how often it was noted that a run is late."""
    return Event.objects.filter(run=run, event_type=EventType.RUN_LATE).count()


def test_run_is_late_after_the_expected_minutes_and_it_is_noted_once(script: Any) -> None:
    template = TemplateFactory.create(drawing="a > b")
    set_policy(template.pk, {"expected_minutes": 30}, by=ADA)
    late, in_time = begun(template, minutes=31), begun(template, minutes=29)
    assert [note_late_runs(by=ADA) for _ in range(2)] == [1, 0]
    assert (lates(late), lates(in_time)) == (1, 0)
    assert "; late: noticed at " in sentence_on(late.pk)
    assert "late" not in sentence_on(in_time.pk)
    assert failed_or_stuck_count() == 1
    finish(late, "a", "failed")
    assert "late" not in sentence_on(late.pk)


def test_reopened_run_is_late_anew(script: Any) -> None:
    template = TemplateFactory.create(drawing="a > b")
    set_policy(template.pk, {"expected_minutes": 30}, by=ADA)
    run = RunFactory.create(template=template)
    dispatch(run)
    run.refresh_from_db()
    set_policy(template.pk, {"expected_minutes": 1}, by=ADA)
    assert note_late_runs(by=ADA) == 0
    check_trail(run)
    shift(run, minutes=2)
    assert note_late_runs(by=ADA) == 1
    finish(run, "a", "failed")
    operations.retry(task(run, "a").pk, by=ADA)
    run.refresh_from_db()
    assert (run.late_at, note_late_runs(by=ADA)) == (None, 0)


def test_run_is_late_at_twice_the_usual_time(script: Any) -> None:
    template = TemplateFactory.create(drawing="a")
    set_policy(template.pk, {"late_at_usual": True}, by=ADA)
    for _ in range(5):
        usual = begun(template, minutes=10)
        finish(usual, "a")
    late, slow = begun(template, minutes=21), begun(template, minutes=19)
    assert note_late_runs(by=ADA) == 1
    assert (lates(late), lates(slow)) == (1, 0)

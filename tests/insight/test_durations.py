"""How long runs and steps usually take."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.verbs import dispatch_all, finish, start, walk
from workflows.insight.durations import (
    FEWEST,
    LATEST,
    is_slow,
    seconds_of_run,
    usual_of_runs,
    usual_seconds,
)
from workflows.models import RunState, Task, WorkflowRun, WorkflowTemplate
from workflows.retention.removal import mark_removed


def finished(template: WorkflowTemplate, **seconds: float) -> WorkflowRun:
    """Return a finished run of a template whose steps took so long."""
    run = RunFactory.create(template=template)
    walk(run, *seconds)
    for step_id, length in seconds.items():
        began = timezone.now()
        Task.objects.filter(run=run, step_id=step_id).update(
            started_at=began, finished_at=began + timedelta(seconds=length)
        )
    return run


def took(run: WorkflowRun, seconds: float, state: str = RunState.SUCCESS) -> None:
    """Store that a run took so long."""
    began = timezone.now()
    ended = began + timedelta(seconds=seconds)
    WorkflowRun.objects.filter(pk=run.pk).update(state=state, started_at=began, finished_at=ended)


def test_usual_seconds_are_the_median_of_earlier_runs(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    template = TemplateFactory.create(drawing="a > b")
    for length in (1, 2, 60, 1.5, 3):
        finished(template, a=length, b=10)
    run = RunFactory.create(template=template)

    with django_assert_num_queries(1):
        assert usual_seconds(run) == pytest.approx({"a": 2, "b": 10}, abs=0.01)


def test_nothing_is_usual_before_the_fifth_success(db: None) -> None:
    template = TemplateFactory.create(drawing="a")
    for _ in range(FEWEST - 1):
        took(finished(template, a=1), 60)
    assert usual_of_runs([template.pk]) == {}
    assert usual_seconds(RunFactory.create(template=template)) == {}

    took(finished(template, a=1), 60)

    assert usual_of_runs([template.pk]) == pytest.approx({template.pk: 60}, abs=0.01)


def test_usual_of_many_templates_takes_one_statement(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    slow, quick, new = (TemplateFactory.create(drawing="a") for _ in range(3))
    for number in range(LATEST + 2):
        took(RunFactory.create(template=slow), 100 if number < 2 else 10 + number)
        took(RunFactory.create(template=quick), 3)
        took(RunFactory.create(template=quick), 1000, RunState.FAILED)

    with django_assert_num_queries(1):
        usual = usual_of_runs([slow.pk, quick.pk, new.pk])

    assert usual == pytest.approx({slow.pk: 21.5, quick.pk: 3}, abs=0.01)
    assert usual_of_runs([]) == {}


def test_a_run_that_went_on_counts_from_its_latest_start(db: None) -> None:
    template = TemplateFactory.create(drawing="a")
    for _ in range(FEWEST):
        took(RunFactory.create(template=template), 600)
    for run in WorkflowRun.objects.all():
        assert run.finished_at
        run.reopened_at = run.finished_at - timedelta(seconds=60)
        run.save()
        assert seconds_of_run(run) == pytest.approx(60)

    assert usual_of_runs([template.pk]) == pytest.approx({template.pk: 60}, abs=0.01)


def test_removed_runs_count(db: None) -> None:
    template = TemplateFactory.create(drawing="a")
    for length in (10, 20, 30, 40, 50):
        took(finished(template, a=1), length)

    oldest = WorkflowRun.objects.filter(pk__in=[run.pk for run in WorkflowRun.objects.all()[2:]])
    mark_removed(oldest, by=who("ada"), reason="asked for")

    assert usual_of_runs([template.pk]) == pytest.approx({template.pk: 30}, abs=0.01)


def test_unfinished_later_and_other_templates_runs_are_ignored(db: None) -> None:
    template, other = TemplateFactory.create(), TemplateFactory.create()
    run = RunFactory.create(template=template)
    for _ in range(FEWEST):
        finished(template, extract=1, load=1)
        finished(other, extract=1, load=1)
    assert usual_seconds(run) == {}


def test_failed_and_hand_marked_tasks_are_ignored(db: None) -> None:
    template = TemplateFactory.create(drawing="a, b, c")
    for _ in range(FEWEST):
        run = RunFactory.create(template=template)
        dispatch_all(run)
        start(run, "a", "b", "c")
        finish(run, "a")
        finish(run, "b", "failed")
        finish(run, "c")
    Task.objects.filter(step_id="c").update(is_marked_success=True)

    assert list(usual_seconds(RunFactory.create(template=template))) == ["a"]


def test_run_without_template_has_no_usual_seconds(db: None) -> None:
    template = TemplateFactory.create()
    run = RunFactory.create(template=template)
    template.delete()
    run.refresh_from_db()

    assert usual_seconds(run) == {}


@pytest.mark.parametrize(
    ("seconds", "usual", "expected"),
    [(15, 10, True), (14.9, 10, False), (15, None, False), (None, 10, False), (0, 0, False)],
)
def test_slow_is_from_one_and_a_half_times_the_usual(
    seconds: float | None, usual: float | None, expected: bool
) -> None:
    assert is_slow(seconds, usual) is expected

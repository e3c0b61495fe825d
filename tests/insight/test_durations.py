"""How long steps usually run."""

from datetime import timedelta

from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories import RunFactory, TemplateFactory
from tests.support.verbs import dispatch_all, finish, start, walk
from workflows.insight.durations import usual_seconds
from workflows.models import Task, WorkflowRun, WorkflowTemplate


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


def test_usual_seconds_are_the_median_of_earlier_runs(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    template = TemplateFactory.create(drawing="a > b")
    for length in (1, 2, 60):
        finished(template, a=length, b=10)
    run = RunFactory.create(template=template)

    with django_assert_num_queries(2):
        assert usual_seconds(run) == {"a": 2, "b": 10}


def test_unfinished_later_and_other_templates_runs_are_ignored(db: None) -> None:
    template, other = TemplateFactory.create(), TemplateFactory.create()
    run = RunFactory.create(template=template)
    finished(template, extract=1, load=1)
    finished(other, extract=1, load=1)
    assert usual_seconds(run) == {}


def test_failed_and_hand_marked_tasks_are_ignored(db: None) -> None:
    template = TemplateFactory.create(drawing="a, b, c")
    run = RunFactory.create(template=template)
    dispatch_all(run)
    start(run, "a", "b", "c")
    finish(run, "a")
    finish(run, "b", "failed")
    finish(run, "c")
    Task.objects.filter(run=run, step_id="c").update(is_marked_success=True)

    assert list(usual_seconds(RunFactory.create(template=template))) == ["a"]


def test_run_without_template_has_no_usual_seconds(db: None) -> None:
    template = TemplateFactory.create()
    run = RunFactory.create(template=template)
    template.delete()
    run.refresh_from_db()

    assert usual_seconds(run) == {}

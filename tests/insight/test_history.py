"""The latest runs of a template, step by step."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.verbs import attempt, dispatch_all, finish, start, task, walk
from workflows import operations
from workflows.graph import longest_path
from workflows.insight.history import history_of
from workflows.insight.recent import RecentRun, lately, recent_runs, success_share
from workflows.models import LogPiece, Task, WorkflowRun, WorkflowTemplate
from workflows.retention.removal import mark_removed


def timed(run: WorkflowRun, **seconds: float) -> WorkflowRun:
    """Return a run that succeeded, whose steps took so long one after the other."""
    walk(run, *seconds)
    at = began = timezone.now() - timedelta(days=1)
    for step_id, length in seconds.items():
        ended = at + timedelta(seconds=length)
        Task.objects.filter(run=run, step_id=step_id).update(started_at=at, finished_at=ended)
        at = ended
    WorkflowRun.objects.filter(pk=run.pk).update(started_at=began, finished_at=at)
    return run


def fail(
    run: WorkflowRun, step_id: str, message: str = "exit code 1", log: str = ""
) -> WorkflowRun:
    """Return a run whose first step failed."""
    dispatch_all(run)
    if log:
        LogPiece.objects.create(attempt=attempt(run, step_id), offset=0, text=log)
    finish(run, step_id, "failed", message=message)
    return run


@pytest.fixture
def template(db: None) -> WorkflowTemplate:
    """Return a template of three steps in a row."""
    template: WorkflowTemplate = TemplateFactory.create(drawing="a > b > c")
    return template


def test_latest_runs_of_many_templates_take_one_statement(
    template: WorkflowTemplate, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = TemplateFactory.create(drawing="x")
    runs = [timed(RunFactory.create(template=template), a=1, b=2, c=3) for _ in range(3)]
    broken = fail(RunFactory.create(template=other), "x")

    with django_assert_num_queries(1):
        found = recent_runs([template.pk, other.pk], 2)

    assert [run.id for run in found[template.pk]] == [run.pk for run in runs[1:]]
    assert [run.seconds for run in found[template.pk]] == pytest.approx([6, 6], abs=0.01)
    assert [(run.id, run.state) for run in found[other.pk]] == [(broken.pk, "failed")]
    assert success_share(found[other.pk]) == 0
    assert success_share([]) is None
    assert recent_runs([], 2) == {}


def test_removed_runs_are_still_bars(template: WorkflowTemplate) -> None:
    first, second = (timed(RunFactory.create(template=template), a=1, b=2, c=3) for _ in range(2))
    mark_removed(WorkflowRun.objects.filter(pk=first.pk), by=who("ada"), reason="asked for")

    [removed, there] = recent_runs([template.pk], 5)[template.pk]

    assert (removed.id, removed.is_removed, removed.state) == (first.pk, True, "success")
    assert removed.seconds == pytest.approx(6, abs=0.01)
    assert (there.id, there.is_removed) == (second.pk, False)
    assert history_of(template.pk).of_step("a")[0] is None


def test_history_tells_each_square(template: WorkflowTemplate) -> None:
    run = RunFactory.create(template=template)
    walk(run, "a")
    dispatch_all(run)
    finish(run, "b", "failed")
    operations.retry(task(run, "b").pk, by=who("ada"))
    walk(run, "b")
    dispatch_all(run)
    finish(run, "c", "failed")
    operations.mark_success(task(run, "c").pk, by=who("ada"), reason="done by hand")
    fail(RunFactory.create(template=template), "a")
    going = RunFactory.create(template=template)
    dispatch_all(going)
    start(going, "a")

    history = history_of(template.pk)

    def kinds(step_id: str) -> list[str]:
        cells = zip(history.of_step(step_id), history.runs, strict=True)
        return [cell.kind(has_ended=bool(run.ended)) for cell, run in cells if cell]

    assert kinds("a") == ["success", "failed", "running"]
    assert kinds("b") == ["retried", "idle", "pending"]
    assert kinds("c") == ["by-hand", "idle", "pending"]


def test_history_takes_the_same_statements_for_any_number_of_runs(
    template: WorkflowTemplate, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(6):
        timed(RunFactory.create(template=template), a=1, b=2, c=3)
        fail(RunFactory.create(template=template), "a")

    with django_assert_num_queries(8):
        history = history_of(template.pk)
        assert len(history.runs) == 12
        assert history.failing()


def test_what_fails_most_comes_first_with_its_latest_reason(template: WorkflowTemplate) -> None:
    fail(RunFactory.create(template=template), "a", "exit code 1", log="old\n")
    run = RunFactory.create(template=template)
    walk(run, "a")
    fail(run, "b", "timed out after 3 s")
    fail(RunFactory.create(template=template), "a", log="KeyError: 'day'\nbye\n")

    first, second = history_of(template.pk).failing()

    assert (first.step_id, first.failures, first.why) == ("a", 2, "KeyError: 'day'")
    assert (second.step_id, second.failures, second.why) == ("b", 1, "timed out after 3 s")
    assert first.failed == [True, False, True]


def test_slowest_steps_and_the_longest_way(db: None) -> None:
    template = TemplateFactory.create(drawing="a > b > d, a > c > d")
    for n in range(10):
        timed(RunFactory.create(template=template), a=10, b=5 if n < 5 else 8, c=30, d=1)

    history = history_of(template.pk)

    assert [step.step_id for step in history.slowest()] == ["c", "a", "b", "d"]
    b = next(step for step in history.slowest() if step.step_id == "b")
    assert b.is_slower
    assert list(history.longest_way) == ["a", "c", "d"]
    assert history.waiting == pytest.approx(6.5, abs=0.1)


def test_longest_path_of_nothing_is_empty() -> None:
    assert longest_path({}, {}) == []
    assert longest_path({"a": [], "b": ["a"]}, {"a": 0.0, "b": 0.0}) == []


def ran(number: int, seconds: float, state: str = "success") -> RecentRun:
    return RecentRun(number, state, 1000.0 * number, 1000.0 * number + seconds, 1)


def test_lately_names_an_outlier_or_the_trend() -> None:
    steady = [ran(n, 10) for n in range(9)]
    assert lately(steady, None) is None
    assert lately([], 10) is None
    assert lately(steady, 10) == (1.0, None)

    slower = lately([*steady, *(ran(n, 12) for n in range(9, 12))], 10)
    assert slower
    assert slower.is_slower
    assert slower.outlier is None

    outlier = ran(20, 21)
    found = lately([*steady, outlier, ran(21, 10), ran(22, 99, "failed")], 10)
    assert found
    assert found.factor == pytest.approx(2.1)
    assert found.outlier == outlier

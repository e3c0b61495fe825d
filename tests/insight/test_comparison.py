"""Two runs side by side."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun, template_of
from tests.support.verbs import dispatch_all, finish, walk
from workflows.authoring.spec import parse_template
from workflows.authoring.store import replace_template
from workflows.insight.comparison import compare_runs, run_to_compare_with
from workflows.models import Task, WorkflowRun


def took(run: WorkflowRun, **seconds: float) -> None:
    """Store how long steps ran."""
    began = timezone.now()
    for step_id, length in seconds.items():
        ended = began + timedelta(seconds=length)
        Task.objects.filter(run=run, step_id=step_id).update(started_at=began, finished_at=ended)


@pytest.fixture
def pair(db: None) -> tuple[WorkflowRun, WorkflowRun]:
    """Return two runs, between which the template was changed; the later one failed."""
    template = TemplateFactory.create(drawing="a > b > c, a > gone, a > slow, a > same", name="t")
    older = RunFactory.create(template=template)
    walk(older, "a", "b", "c", "gone", "slow", "same")
    data = template_of("a > b > c, a > new, a > slow, a > same", name="t")
    replace_template(template.pk, parse_template(data), by=who("ada"))
    newer = RunFactory.create(template=template)
    walk(newer, "a")
    dispatch_all(newer)
    for step_id in ("new", "slow", "same"):
        finish(newer, step_id)
    finish(newer, "b", "failed")
    took(older, a=1, b=2, c=3, gone=1, slow=4, same=10)
    took(newer, a=1.2, b=2, new=1, slow=9, same=11)
    return older, newer


def test_changed_steps_come_first(
    pair: tuple[WorkflowRun, WorkflowRun], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        found = compare_runs(*pair)

    changes = [(step.step_id, step.change) for step in found.changed_first()]
    assert changes[:5] == [
        ("b", "worse"), ("new", "new"), ("gone", "gone"), ("c", "other"), ("slow", "slower"),
    ]  # fmt: skip
    assert {change for _, change in changes[5:]} == {"same"}
    assert found.differing == 5
    assert [step.step_id for step in found.steps] == ["a", "b", "c", "new", "slow", "same", "gone"]


def test_versions_and_the_logs_that_matter_are_compared(
    pair: tuple[WorkflowRun, WorkflowRun],
) -> None:
    found = compare_runs(*pair)
    change = found.template_change
    assert change
    told = [(step.step_id, step.change) for step in change.changed_steps]
    assert told == [("new", "added"), ("gone", "removed")]
    looked_at = [found.step_to_look_at(), found.step_to_look_at("same")]
    assert [step.step_id for step in looked_at if step] == ["b", "same"]


def test_parameters_that_differ_come_first(runs: DrawRun) -> None:
    a = runs("x", parameters={"same": 1, "day": "Mon", "old": True})
    b = runs("x", parameters={"same": 1, "day": "Tue", "new": None})

    rows = compare_runs(a, b).parameters

    assert [(row.name, row.a, row.b) for row in rows] == [
        ("day", "Mon", "Tue"), ("old", True, "–"), ("new", "–", None), ("same", 1, 1),
    ]  # fmt: skip


def test_equal_runs_have_no_step_to_look_at(runs: DrawRun) -> None:
    a, b = runs("x"), runs("x")
    found = compare_runs(a, b)
    assert found.differing == 0
    assert found.step_to_look_at() is None
    assert found.template_change is None
    assert found.seconds is None


def test_a_run_is_held_against_the_last_success_before_it(db: None) -> None:
    template = TemplateFactory.create(drawing="a")
    first, good, bad, last = (RunFactory.create(template=template) for _ in range(4))
    walk(first, "a")
    walk(good, "a")
    dispatch_all(bad)
    finish(bad, "a", "failed")

    assert run_to_compare_with(last) == good
    assert run_to_compare_with(first) is None
    WorkflowRun.objects.filter(pk__in=[first.pk, good.pk]).update(state="aborted")
    assert run_to_compare_with(last) == bad

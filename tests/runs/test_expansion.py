"""A new run gets copies of its template's steps and edges."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from runners.models import Runner
from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun, template_of
from tests.support.tables import everything
from tests.support.verbs import edges, states, trail
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template, replace_template
from workflows.errors import InvalidGraph
from workflows.models import Task, WorkflowRun, WorkflowTemplate
from workflows.runs.creation import create_run


def test_run_has_one_task_per_step_in_list_order(runs: DrawRun) -> None:
    run = runs("zoo, aardvark > mouse, zoo > mouse")
    tasks = Task.objects.filter(run=run).order_by("position")
    assert [(task.position, task.step_id) for task in tasks] == [
        (0, "zoo"),
        (1, "aardvark"),
        (2, "mouse"),
    ]
    assert edges(run) == {("aardvark", "mouse"), ("zoo", "mouse")}
    assert trail(run, whole=True) == [
        "workflow_run.created",
        "task.created zoo",
        "task.created aardvark",
        "task.created mouse",
    ]


def test_unmet_count_of_new_tasks_is_their_number_of_dependencies(runs: DrawRun) -> None:
    run = runs("a > d, b > d, c > d, a > b")
    unmet = dict(Task.objects.filter(run=run).values_list("step_id", "unmet_count"))
    assert unmet == {"a": 0, "b": 1, "c": 0, "d": 3}
    assert run.task_counts["pending"] == 4


def test_task_gets_every_setting_of_its_step(runs: DrawRun, local: Runner) -> None:
    payload = {"command": ["du", "-s", "/ä"], "cwd": "{{ params.where }}"}
    run = runs("a", payload=payload, runner="local", timeout_seconds=90)
    task = Task.objects.get(run=run)
    assert (task.title, task.payload, task.runner, task.timeout_seconds) == (
        "a",
        payload,
        local,
        90,
    )
    assert (task.state, task.note, task.attempt_count) == ("pending", "", 0)


def test_run_keeps_name_and_version_of_its_template(runs: DrawRun) -> None:
    run = runs("a", name="nightly")
    run.refresh_from_db()
    assert (run.template_name, run.template_version) == ("nightly", 1)


def test_two_runs_of_a_template_share_nothing(db: None) -> None:
    template = TemplateFactory.create(drawing="a > b")
    one, two = RunFactory.create(template=template), RunFactory.create(template=template)
    assert edges(one) == edges(two) == {("a", "b")}
    assert set(one.tasks.all()).isdisjoint(two.tasks.all())


def test_later_edit_of_the_template_does_not_change_the_run(runs: DrawRun) -> None:
    run = runs("a > b > c", name="nightly")
    before = (states(run), edges(run), trail(run, whole=True))
    replace_template(run.template_id or 0, parse_template(template_of("x > y")))
    assert (states(run), edges(run), trail(run, whole=True)) == before
    WorkflowTemplate.objects.get().delete()
    assert (states(run), edges(run), trail(run, whole=True)) == before
    run.refresh_from_db()
    assert (run.template, run.template_name) == (None, "nightly")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "make",
    [
        lambda template: create_run(template_id=template.pk, by=who("test")),
        lambda template: WorkflowRun.objects.create(template=template),
    ],
    ids=["create_run", "save"],
)
def test_refused_expansion_leaves_no_run(make: Callable[[WorkflowTemplate], WorkflowRun]) -> None:
    template = WorkflowTemplate.objects.create(name="no steps")
    before = everything()
    with pytest.raises(InvalidGraph, match="has no steps"):
        make(template)
    assert everything() == before


@pytest.mark.django_db
def test_run_saved_again_is_not_expanded_again(runs: DrawRun) -> None:
    run = runs("a > b")
    run.save()
    WorkflowRun.objects.get(pk=run.pk).save()
    assert len(states(run)) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("size", [10, pytest.param(10_000, marks=pytest.mark.slow)])
def test_template_of_any_size_is_expanded_by_the_same_number_of_statements(
    size: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    chain = " > ".join(f"s{i}" for i in range(size))
    template = create_template(parse_template(template_of(chain)))
    with django_assert_num_queries(16):
        run = create_run(template_id=template.pk, by=who("test"))
    assert run.task_counts["pending"] == size
    assert len(edges(run)) == size - 1

"""How a run is created, and what is refused."""

from typing import Any

import pytest

from tests.factories import TaskFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.tables import everything
from tests.support.verbs import dispatch, dispatch_all, finish, states, task, trail
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import Task
from workflows.runs.creation import create_run

pytestmark = pytest.mark.django_db


def test_tasks_are_put_into_a_run_in_the_order_given() -> None:
    one, two, three = TaskFactory.create_batch(3)
    run = create_run(task_ids=[three.pk, one.pk, two.pk], by=who("ada"))
    in_order = Task.objects.filter(run=run).order_by("position")
    assert list(in_order) == [three, one, two]
    assert run.task_counts["pending"] == 3
    assert trail(run, whole=True) == ["workflow_run.created"]
    sent = [sending.task_id for sending in dispatch(run, limit=None).dispatches]
    assert sent == [three.pk, one.pk, two.pk]


def test_template_given_with_task_ids_is_only_a_label() -> None:
    template = TemplateFactory.create(drawing="a > b", name="nightly")
    alone = TaskFactory.create()
    run = create_run(template_id=template.pk, task_ids=[alone.pk], by=who("ada"))
    assert list(run.tasks.all()) == [alone]
    assert (run.template, run.template_name) == (template, "nightly")


def test_run_and_its_trail_name_their_creator() -> None:
    template = TemplateFactory.create()
    run = create_run(template_id=template.pk, initiated_by="the scheduler", by=who("ada"))
    assert run.initiated_by == "the scheduler"
    assert set(run.events.values_list("actor", flat=True)) == {"ada"}


def test_creator_is_the_initiator_unless_another_is_given() -> None:
    assert create_run(template_id=TemplateFactory.create().pk, by=who("ada")).initiated_by == "ada"


@pytest.mark.parametrize(
    ("asked", "refusal", "words"),
    [
        ({}, Invalid, "workflow_template_id"),
        ({"task_ids": []}, Invalid, "workflow_template_id"),
        ({"template_id": 999_999}, NotFound, "workflow template 999999 not found"),
        ({"task_ids": [999_999]}, NotFound, "task 999999 not found"),
        ({"template_id": 999_999, "task_ids": [999_999]}, NotFound, "workflow template 999999"),
    ],
)
def test_run_of_something_that_does_not_exist_is_refused(
    asked: dict[str, Any], refusal: type[Exception], words: str
) -> None:
    before = everything()
    with pytest.raises(refusal, match=words):
        create_run(**asked, by=who("ada"))
    assert everything() == before


def test_task_that_is_in_a_run_is_refused(runs: DrawRun) -> None:
    run = runs("a")
    free, taken = TaskFactory.create(), task(run, "a")
    before = everything()
    with pytest.raises(Conflict, match=f"task {taken.pk} is already in workflow run {run.pk}"):
        create_run(task_ids=[free.pk, taken.pk], by=who("ada"))
    assert everything() == before


def test_task_listed_twice_is_refused() -> None:
    free = TaskFactory.create()
    with pytest.raises(Invalid, match="listed twice"):
        create_run(task_ids=[free.pk, free.pk], by=who("ada"))


def test_task_that_is_not_pending_is_refused() -> None:
    ended = TaskFactory.create(state="canceled")
    with pytest.raises(Conflict, match=f"task {ended.pk} is canceled"):
        create_run(task_ids=[ended.pk], by=who("ada"))


@pytest.mark.parametrize("parameters", [[1], "text", {"x": "nul \0"}, {"x": float("inf")}])
def test_parameters_that_cannot_be_stored_are_refused(parameters: Any) -> None:
    template = TemplateFactory.create()
    before = everything()
    with pytest.raises(Invalid, match="parameters"):
        create_run(template_id=template.pk, parameters=parameters, by=who("ada"))
    assert everything() == before


def test_task_created_alone_runs_like_any_other() -> None:
    alone = TaskFactory.create()
    run = create_run(task_ids=[alone.pk], by=who("ada"))
    assert dispatch(run).dispatches[0].task_id == alone.pk
    finished = alone.attempts.get()
    assert finished.number == 1


def test_run_goes_from_its_first_step_to_success(runs: DrawRun) -> None:
    run = runs("a > b")
    for step_id in ("a", "b"):
        assert dispatch_all(run) == [step_id]
        finish(run, step_id)
    assert states(run) == {"a": "success", "b": "success"}
    assert trail(run) == [
        "workflow_run.running",
        "task.dispatched a",
        "task.succeeded a",
        "task.dispatched b",
        "task.succeeded b",
        "workflow_run.succeeded",
    ]

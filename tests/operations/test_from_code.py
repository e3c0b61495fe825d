"""Operations called from code: what they take, and which words refuse the rest."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.utils.functional import SimpleLazyObject

from runners.models import Runner
from tests.factories import TemplateFactory, UserFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import state, states
from workflows.errors import WorkflowError
from workflows.models import Event, WorkflowRun, WorkflowTemplate
from workflows.operations import (
    Actor,
    Conflict,
    Invalid,
    NotFound,
    NotPermitted,
    pause,
    start_run,
)

SHOP = Actor(name="shop", via="code")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("given", ["name", "id", "row"])
def test_template_is_given_as_name_id_or_row(given: str, local: Runner) -> None:
    template = TemplateFactory.create(name="nightly", drawing="a > b")
    anna = UserFactory.create(username="anna")
    what: dict[str, WorkflowTemplate | int | str] = {
        "name": "nightly",
        "id": template.pk,
        "row": template,
    }

    run = start_run(what[given], {"day": "monday"}, by=anna, auto_dispatch=True)

    assert states(run) == {"a": "dispatched", "b": "pending"}
    assert (run.parameters, run.created_by) == ({"day": "monday"}, "anna")
    assert set(Event.objects.values_list("actor", "actor_user", "actor_via")) == {
        ("anna", str(anna.pk), "code")
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (["weekly"], NotFound, "workflow template 'weekly' not found; known: nightly"),
        ([10**30], NotFound, f"workflow template {10**30} not found"),
        ([WorkflowTemplate(name="new")], Invalid, "Save the template"),
        ([], Invalid, "Give a"),
        (["nightly", {"day": date(2026, 1, 1)}], Invalid, "parameters: "),
        (["nightly", ["day"]], Invalid, "parameters: "),
        (["twice"], Conflict, "2 workflow templates are called 'twice'"),
    ],
)
def test_start_of_what_there_is_not_is_refused(
    arguments: list[Any], error: type[WorkflowError], text: str
) -> None:
    for name in ("nightly", "twice", "twice"):
        TemplateFactory.create(name=name, drawing="a")
    with pytest.raises(error, match=text):
        start_run(*arguments, by=SHOP)
    assert not WorkflowRun.objects.exists()


@pytest.mark.parametrize(
    ("by", "error"),
    [
        (AnonymousUser(), NotPermitted),
        (User(pk=7, username="anna"), NotPermitted),
        ("anna", Invalid),
        (None, Invalid),
    ],
)
def test_nobody_and_texts_are_no_actors(by: Any, error: type[Exception], runs: DrawRun) -> None:
    run = runs("a")
    calls: list[Callable[[], object]] = [
        lambda: start_run(run.template_id, by=by),
        lambda: pause(run.pk, by=by),
    ]
    for call in calls:
        with pytest.raises(error):
            call()
    assert (state(run), WorkflowRun.objects.get().set_aside) == ("created", "")


def test_user_of_a_request_is_an_actor(runs: DrawRun) -> None:
    anna = UserFactory.create(username="anna")
    pause((run := runs("a")).pk, by=SimpleLazyObject(lambda: anna))  # type: ignore[arg-type]
    assert Event.objects.get(run=run, event_type="workflow_run.paused").actor == "anna"


@pytest.mark.parametrize("how", [str, lambda pk: WorkflowRun.objects.get(pk=pk)])
def test_text_or_row_instead_of_an_id_is_refused(how: Callable[[int], Any], runs: DrawRun) -> None:
    run = runs("a")
    with pytest.raises(Invalid, match="run_id: Give an id"):
        pause(how(run.pk), by=SHOP)
    assert WorkflowRun.objects.get(pk=run.pk).set_aside == ""


def test_mistyped_argument_is_no_trouble_of_the_run(runs: DrawRun) -> None:
    run = runs("a")
    with pytest.raises(TypeError, match="resaon"):
        pause(run.pk, by=SHOP, resaon="night")  # type: ignore[call-arg]
    assert WorkflowRun.objects.get(pk=run.pk).set_aside == ""

"""Buttons, questions and pages say who may pass a gate, and which gates ask again."""

import pytest
from django.test import Client

from tests.admin.conftest import (
    OPERATE,
    VIEW_ALL,
    ClientOf,
    act,
    confirm,
    list_url,
    messages_of,
    text_of,
    url_of,
)
from tests.admin.test_greyed_buttons import buttons
from tests.support.actors import who
from tests.support.drawing import steps_of
from tests.support.verbs import states, task, walk
from workflows import operations
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import Approval, WorkflowRun
from workflows.runs.creation import create_run

DECIDE = "workflows.decide_approval"


@pytest.fixture
def run(db: None) -> WorkflowRun:
    """Return a run of dora, in which somebody else must approve `deploy`."""
    steps = [
        {**step, "requires_approval": step["step_id"] == "deploy"}
        for step in steps_of("build > deploy > tell")
    ]
    spec = parse_template({"name": "release", "steps": steps, "approver_must_differ": True})
    run = create_run(template_id=create_template(spec).pk, by=who("dora"))
    walk(run, "build")
    return run


@pytest.fixture
def canceled(run: WorkflowRun) -> WorkflowRun:
    """Return the run with its gate canceled while it waited."""
    operations.cancel(task(run, "deploy").pk, by=who("test"))
    return run


@pytest.fixture
def dora(client_of: ClientOf) -> Client:
    """Act as dora, who may operate and decide."""
    return client_of("dora", OPERATE, DECIDE, *VIEW_ALL)


def test_operator_sees_mark_success_greyed_and_is_refused_if_it_is_forged(
    olga: Client, canceled: WorkflowRun
) -> None:
    gate = task(canceled, "deploy")
    why = f"nobody has approved task {gate.pk} (deploy); this needs the permission {DECIDE}"

    for page in (url_of(gate), url_of(gate, "panel")):
        assert buttons(olga.get(page))[1] == {"Mark success": why}
    assert why in text_of(olga.get(url_of(canceled)))
    answer = confirm(olga, "mark_success", [gate], "because")

    assert messages_of(answer) == [("error", f"Mark success refused: {why}.")]
    assert states(canceled)["deploy"] == "canceled"


def test_creator_is_told_that_somebody_else_must_decide(
    dora: Client, canceled: WorkflowRun
) -> None:
    gate = task(canceled, "deploy")
    why = f"{canceled} was created by dora; somebody else must decide"

    assert buttons(dora.get(url_of(gate)))[1] == {"Mark success": why}
    assert f"will be refused: {why}" in text_of(act(dora, "mark_success", [gate]))
    confirm(dora, "mark_success", [gate, task(canceled, "build")], "because")

    assert states(canceled)["deploy"] == "canceled"


def test_question_says_that_mark_success_decides_the_approval(
    client_of: ClientOf, canceled: WorkflowRun
) -> None:
    anna = client_of("anna", OPERATE, DECIDE, *VIEW_ALL)
    gate = task(canceled, "deploy")

    assert "1 task counts as approved by you: deploy" in text_of(act(anna, "mark_success", [gate]))
    confirm(anna, "mark_success", [gate], "seen")

    decided = Approval.objects.get(task=gate)
    assert (decided.status, decided.decided_by, decided.comment) == ("approved", "anna", "seen")


def test_question_and_pages_say_why_a_gate_asks_again(
    olga: Client, run: WorkflowRun, client_of: ClientOf
) -> None:
    operations.approve(Approval.objects.get().pk, by=who("anna"))
    walk(run, "deploy")
    question = text_of(act(olga, "retry_downstream", [task(run, "build")]))
    answer = confirm(olga, "retry_downstream", [task(run, "build")])
    walk(run, "build")
    why = "asked again because `build` was reset"

    assert "1 task asks for approval again: deploy" in question
    assert "1 task asks for approval again." in messages_of(answer)[0][1]
    assert why in text_of(olga.get(url_of(run)))
    assert why in text_of(olga.get(url_of(task(run, "deploy"))))
    assert why in text_of(olga.get(list_url(Approval)))
    assert why in text_of(olga.get(url_of(Approval.objects.latest("id"))))
    assert why in text_of(client_of("root", is_superuser=True).get("/admin/"))


def test_bulk_reset_asks_each_gate_once(olga: Client, run: WorkflowRun) -> None:
    operations.approve(Approval.objects.get().pk, by=who("anna"))
    walk(run, "deploy")

    confirm(olga, "retry_downstream", [task(run, "build"), task(run, "deploy")])

    statuses = Approval.objects.order_by("id").values_list("status", flat=True)
    assert list(statuses) == ["approved", "pending"]

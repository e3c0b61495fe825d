"""A draft, or one step of it, is tried before anybody saves it."""

from typing import Any

import pytest

from runners.models import Runner
from tests.support.actors import who
from tests.support.verbs import attempt, edges, finish, state, states
from workflows.audit.verify import verify_run
from workflows.authoring.spec import parse_template
from workflows.errors import Invalid
from workflows.models import Approval, Event, TemplateVersion, WorkflowRun, WorkflowTemplate
from workflows.operations.trials import start_trial
from workflows.runs.again import Again
from workflows.runs.creation import create_run
from workflows.runs.trials import Draft

ANNA = who("anna")
ECHO: dict[str, Any] = {"command": ["echo", "{{ tasks.a.result.rows }} {{ params.day }}"]}
DRAFT: dict[str, Any] = {
    "name": "nightly",
    "approver_must_differ": True,
    "parameters_schema": {
        "properties": {"day": {"type": "string"}, "token": {"type": "string", "writeOnly": True}},
        "required": ["day"],
        "additionalProperties": False,
    },
    "steps": [
        {"step_id": "a", "title": "a", "payload": {"command": ["true"]}},
        {"step_id": "b", "title": "b", "depends_on": ["a"], "payload": ECHO},
        {
            "step_id": "c",
            "title": "c",
            "depends_on": ["a"],
            "requires_approval": True,
            "payload": {"command": ["true"]},
        },
        {"step_id": "d", "title": "d", "depends_on": ["b", "c"], "payload": {"command": ["true"]}},
    ],
}
DAY = {"day": "monday"}
ROWS = {"a": {"result": {"rows": 7}}}


def draft(**changes: Any) -> Draft:
    return Draft(parse_template(DRAFT), **changes)


def refusal(of: Draft, parameters: dict[str, Any] = DAY) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        start_trial(of, parameters, by=ANNA)
    assert not WorkflowRun.objects.exists()
    return caught.value.fields


@pytest.mark.django_db(transaction=True)
def test_draft_runs_with_nothing_saved(local: Runner) -> None:
    run = start_trial(draft(template_id=None), DAY, by=ANNA)
    assert states(run) == {"a": "dispatched", "b": "pending", "c": "pending", "d": "pending"}
    assert edges(run) == {("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")}
    finish(run, "a", result={"rows": 7})
    assert attempt(run, "b").payload["command"] == ["echo", "7 monday"]
    assert Approval.objects.get().task.run_id == run.pk
    assert verify_run(run.pk) == []
    assert not WorkflowTemplate.objects.exists()
    assert not TemplateVersion.objects.exists()
    created = Event.objects.get(run=run, event_type="workflow_run.created")
    assert (created.actor, created.payload["trial"]["step_id"]) == ("anna", None)
    run.refresh_from_db()
    assert (run.template_name, run.approver_must_differ) == ("nightly (draft)", True)


@pytest.mark.django_db(transaction=True)
def test_tried_step_works_with_the_results_that_it_is_given(local: Runner) -> None:
    run = start_trial(draft(step_id="b", results=ROWS, results_of=3), DAY, by=ANNA)
    assert states(run) == {"b": "dispatched"}
    assert attempt(run, "b").payload["command"] == ["echo", "7 monday"]
    finish(run, "b")
    assert (state(run), verify_run(run.pk)) == ("success", [])
    created = Event.objects.get(run=run, event_type="workflow_run.created")
    facts = {"template_id": None, "version": None, "step_id": "b", "results_of": 3}
    assert created.payload["trial"] == facts
    WorkflowRun.objects.filter(pk=run.pk).update(trial={**facts, "results": {"a": {}}})
    assert verify_run(run.pk), "changed results are found"


@pytest.mark.django_db(transaction=True)
def test_masked_result_is_not_worked_with(local: Runner) -> None:
    masked = {"a": {"result": {"rows": "********"}}}
    run = start_trial(draft(step_id="b", results=masked), DAY, by=ANNA)
    assert states(run) == {"b": "failed"}


@pytest.mark.django_db(transaction=True)
def test_tried_step_asks_for_its_approval(local: Runner) -> None:
    run = start_trial(draft(step_id="c"), DAY, by=ANNA)
    assert states(run) == {"c": "pending"}
    assert Approval.objects.get().task.run_id == run.pk


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "parameters", "field", "text"),
    [
        ({}, {}, "parameters", "day"),
        ({"step_id": "x"}, DAY, "step_id", "there is no step 'x'"),
        ({"step_id": "b"}, DAY, "results", "a: the step uses what 'a' leaves"),
        ({"step_id": "b", "results": {"a": 7}}, DAY, "results", "a: must be an object"),
        ({"step_id": "b", "results": {**ROWS, "z": {}}}, DAY, "results", "z: the step does not"),
        ({"step_id": "b", "results": {"a": {"result": "x" * 70_000}}}, DAY, "results", "longer"),
        (
            {"step_id": "b", "results": {"a": {"result": "s3cret-token"}}},
            {**DAY, "token": "s3cret-token"},
            "results",
            "contains the value of a secret",
        ),
    ],
)
def test_what_is_wrong_is_named(
    changes: dict[str, Any], parameters: dict[str, Any], field: str, text: str
) -> None:
    fields = refusal(draft(**changes), parameters)
    assert list(fields) == [field]
    assert text in fields[field][0]


@pytest.mark.django_db
def test_draft_that_could_not_be_saved_is_refused_but_for_other_steps() -> None:
    broken = {**DRAFT["steps"][3], "payload": {"python": "no.such.function"}}
    spec = parse_template({**DRAFT, "steps": [*DRAFT["steps"][:3], broken]})
    assert "step 'd': payload.python" in refusal(Draft(spec))["steps"][0]
    assert start_trial(Draft(spec, step_id="a"), DAY, by=ANNA).template_name == (
        "nightly (draft, step a)"
    )
    lost = parse_template({**DRAFT, "steps": [{**DRAFT["steps"][0], "runner": "moon"}]})
    with pytest.raises(Invalid, match="step 'a': runner: there is no runner named 'moon'"):
        start_trial(Draft(lost), DAY, by=ANNA)


@pytest.mark.django_db
def test_secret_is_kept_encrypted_and_nowhere_else() -> None:
    run = start_trial(draft(step_id="a"), {**DAY, "token": "s3cret-token"}, by=ANNA)
    run.refresh_from_db()
    rows = [run.parameters, run.trial, run.encrypted_secrets, *Event.objects.values()]
    assert "s3cret-token" not in str(rows)
    assert run.secret_names == ["token"]


@pytest.mark.django_db
def test_trial_is_not_run_again() -> None:
    run = start_trial(draft(), DAY, by=ANNA)
    with pytest.raises(Invalid, match="tried a draft, which is not kept: try it again"):
        create_run(again=Again(run.pk), by=ANNA)

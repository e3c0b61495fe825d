"""Trying a draft at the doors of the builder: who may, what it asks, and where it is seen."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import OPERATE, VIEW_ALL, ClientOf
from tests.factories import RunnerFactory
from tests.support.actors import who
from tests.support.verbs import attempt, dispatch_all, finish, start, task
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import LogPiece, WorkflowRun, WorkflowTemplate
from workflows.operations.trials import start_trial
from workflows.runs.creation import create_run
from workflows.runs.trials import Draft

ADD, CHANGE = "workflows.add_workflowtemplate", "workflows.change_workflowtemplate"
ADD_RUN = "workflows.add_workflowrun"
USES = {"command": ["echo", "{{ tasks.a.result.rows }}"]}
SCHEMA = {
    "properties": {"day": {"type": "string"}, "token": {"type": "string", "writeOnly": True}},
    "required": ["day", "token"],
}
STEPS: list[dict[str, Any]] = [
    {"step_id": "a", "title": "a", "payload": {"command": ["true"]}},
    {"step_id": "b", "title": "b", "depends_on": ["a"], "payload": USES},
]
DATA = {"name": "nightly", "parameters_schema": SCHEMA, "steps": STEPS}
PARAMETERS = {"day": "monday", "token": "s3cret-token"}
GIVEN = {"parameter-day": "monday", "parameter-token": "s3cret-token"}


def address(template: WorkflowTemplate | None = None) -> str:
    name = "admin:workflows_workflowtemplate_try"
    return reverse(name, args=[template.pk]) if template else reverse(f"{name}_new")


def tried(client: Client, to: str, data: object = DATA, **fields: Any) -> Any:
    return client.post(to, {"draft": json.dumps(data), **fields})


@pytest.fixture
def template(db: None) -> WorkflowTemplate:
    RunnerFactory.create(is_default=True)
    return create_template(parse_template(DATA))


def earlier(template: WorkflowTemplate, rows: int) -> WorkflowRun:
    run = create_run(template_id=template.pk, parameters=PARAMETERS, by=who("anna"))
    dispatch_all(run)
    start(run, "a")
    finish(run, "a", result={"rows": rows})
    return run


@pytest.mark.parametrize(
    ("permissions", "sentence"),
    [
        ([CHANGE, ADD, *VIEW_ALL], "besides the right to edit the template this needs"),
        ([CHANGE, ADD, ADD_RUN], "operate_workflowrun"),
        ([ADD_RUN, OPERATE, *VIEW_ALL], f"This needs the permission {CHANGE}."),
        ([ADD_RUN, OPERATE, ADD, *VIEW_ALL], f"This needs the permission {CHANGE}."),
    ],
)
def test_author_and_operator_each_alone_are_refused(
    template: WorkflowTemplate, client_of: ClientOf, permissions: list[str], sentence: str
) -> None:
    answer = tried(client_of("ann", *permissions), address(template), start=1, **GIVEN)
    assert answer.status_code == 403
    assert sentence in answer.content.decode()
    assert not WorkflowRun.objects.exists()


def test_builder_says_why_its_reader_may_not_try(
    template: WorkflowTemplate, client_of: ClientOf
) -> None:
    page = reverse("admin:workflows_workflowtemplate_change", args=[template.pk])
    answer = client_of("ann", CHANGE, *VIEW_ALL).get(page)
    assert "the group Workflow operator" in answer.context["builder"]["may_not_try"]
    answer = client_of("bob", CHANGE, ADD_RUN, OPERATE, *VIEW_ALL).get(page)
    assert answer.context["builder"]["try"] == address(template)


def test_form_offers_earlier_runs_and_begins_with_the_newest(
    template: WorkflowTemplate, root: Client
) -> None:
    first, second = earlier(template, 7), earlier(template, 8)
    answer = tried(root, address(template), step="b")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f'<option value="{second.pk}" selected>run {second.pk} · v1 · running</option>' in text
    assert 'value="monday"' in text
    assert "&quot;rows&quot;: 8" in text
    assert "s3cret-token" not in text
    again = tried(root, address(template), step="b", earlier=first.pk).content.decode()
    assert "&quot;rows&quot;: 7" in again
    assert 'name="earlier"' not in tried(root, address(template)).content.decode()


@pytest.mark.django_db(transaction=True)
def test_tried_step_is_told_of_until_it_is_over(root: Client) -> None:
    RunnerFactory.create(is_default=True)
    template = create_template(parse_template(DATA))
    run = earlier(template, 7)
    changed = {**DATA, "steps": [STEPS[0], {**STEPS[1], "title": "Not saved"}]}
    given = {**GIVEN, "results": '{"a": {"result": {"rows": 9}}}', "earlier": run.pk}
    answer = tried(root, address(template), changed, step="b", version=1, start=1, **given)
    assert answer.status_code == 201, answer.content
    trial = WorkflowRun.objects.get(pk=answer.json()["run"])
    assert trial.trial_facts == {
        "template_id": template.pk,
        "version": 1,
        "step_id": "b",
        "results_of": run.pk,
    }
    assert (trial.template_id, task(trial, "b").title) == (None, "Not saved")
    outcome = root.get(answer.json()["outcome"]).json()
    assert (outcome["state"], outcome["is_over"]) == ("running", False)
    LogPiece.objects.create(attempt=attempt(trial, "b"), offset=0, text="nine rows\n")
    finish(trial, "b", result={"copied": 9})
    outcome = root.get(answer.json()["outcome"]).json()
    assert (outcome["state"], outcome["is_over"]) == ("success", True)
    assert "&quot;copied&quot;: 9" in outcome["html"]
    assert "nine rows" in outcome["html"]
    page = root.get(answer.json()["url"]).content.decode()
    assert "nightly (draft, step b)" in page
    assert "change/#step=b" in page
    assert "s3cret-token" not in page + outcome["html"]
    runs = reverse("admin:workflows_workflowrun_changelist")
    assert [each.pk for each in root.get(runs, {"drafts": "only"}).context["cl"].result_list] == [
        trial.pk
    ]
    assert [each.pk for each in root.get(runs, {"drafts": "none"}).context["cl"].result_list] == [
        run.pk
    ]


def test_refusals_stand_at_their_fields(template: WorkflowTemplate, root: Client) -> None:
    to = address(template)
    broken = {**DATA, "steps": [{**STEPS[0], "payload": {"comand": ["true"]}}]}
    answer = tried(root, to, broken)
    assert answer.status_code == 400
    assert "step 'a': payload.comand: unknown key" in answer.json()["steps"][0]
    assert tried(root, to, []).json() == {"draft": ["The draft must be a JSON object."]}
    answer = tried(root, to, step="b", start=1, **GIVEN, results="{}")
    assert answer.status_code == 400
    assert "a: the step uses what" in answer.content.decode()
    assert "s3cret-token" not in answer.content.decode()
    assert "This field is required." in tried(root, to, start=1).content.decode()
    assert not WorkflowRun.objects.exists()


def test_outcome_of_another_run_is_not_told(template: WorkflowTemplate, root: Client) -> None:
    run = earlier(template, 7)
    name = "admin:workflows_workflowtemplate_outcome"
    assert root.get(reverse(name, args=[run.pk])).status_code == 404
    assert root.get(reverse(name, args=[run.pk + 1])).status_code == 404


def test_outcome_needs_the_permissions_to_see_it(
    template: WorkflowTemplate, client_of: ClientOf
) -> None:
    trial = start_trial(Draft(parse_template(DATA)), PARAMETERS, by=who("anna"))
    of = reverse("admin:workflows_workflowtemplate_outcome", args=[trial.pk])
    assert client_of("ann", CHANGE, ADD_RUN, OPERATE).get(of).status_code == 403
    assert client_of("bob", *VIEW_ALL).get(of).status_code == 200

"""What the builder asks while somebody edits: what will not work, the launch form, earlier runs."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.admin.conftest import VIEW_ALL, ClientOf, url_of
from tests.factories import TemplateFactory
from tests.support.actors import who
from tests.support.verbs import dispatch_all, finish
from workflows.models import WorkflowTemplate
from workflows.runs.creation import create_run

CHECK = reverse("admin:workflows_workflowtemplate_check")
FORM = reverse("admin:workflows_workflowtemplate_form")
SECRET = {"properties": {"token": {"type": "string", "writeOnly": True}}}


def ask(client: Client, address: str, data: Any) -> Any:
    return client.post(address, json.dumps(data), content_type="application/json")


def draft(*payloads: dict[str, Any], **more: Any) -> dict[str, Any]:
    steps = [
        {"step_id": f"s{number}", "title": "x", "payload": payload, **more}
        for number, payload in enumerate(payloads)
    ]
    return {"name": "x", "labels": {}, "steps": steps}


def found(client: Client, data: Any) -> list[tuple[str, str, bool]]:
    findings = ask(client, CHECK, data).json()["findings"]
    return [(each["step_id"], each["brief"], each["is_error"]) for each in findings]


def test_check_names_step_and_trouble_in_few_words(root: Client) -> None:
    data = draft({}, {"python": "nop"}, {"comand": ["ls"], "python": "noop"}, {"python": "noop"})
    assert found(root, data) == [
        ("s0", "does nothing yet", False),
        ("s1", "unknown function", True),
        ("s2", "unknown key", True),
    ]
    assert found(root, draft({"python": "noop"}, runner="gpu")) == [("s0", "unknown runner", True)]
    assert found(root, draft({"command": "ls"})) == [("s0", "will not work", True)]
    long = {"command": ["sh", "-c", "x" * 500 + " {{ tasks.nobody.output }}"]}
    [finding] = ask(root, CHECK, draft(long)).json()["findings"]
    assert finding["brief"] == "unknown step"
    assert finding["text"].startswith("payload: there is no step 'nobody'")
    assert not WorkflowTemplate.objects.exists()


@pytest.mark.parametrize("body", ["{", "[]", "null", '{"name": "\\u0000"}', '{"x": "\\ud800"}'])
@pytest.mark.parametrize("address", [CHECK, FORM])
def test_bodies_that_are_no_object_are_bad_requests(root: Client, body: str, address: str) -> None:
    answer = root.post(address, body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("data", [{}, {"steps": 5}, {"name": 5, "steps": [7]}, {"schema": 5}])
def test_nonsense_is_answered_with_findings_or_refused(root: Client, data: Any) -> None:
    assert ask(root, CHECK, data).status_code == 200
    assert ask(root, FORM, data).status_code == 400


def test_launch_form_is_that_of_a_run(root: Client) -> None:
    schema = {**SECRET, "required": ["token"]}
    page = ask(root, FORM, {"schema": schema}).content.decode()
    assert 'type="password"' in page
    assert 'class="required">token</label>' in page
    assert "labels" not in page
    wrong = ask(root, FORM, {"schema": {"properties": {"x": {"type": "strin"}}}})
    assert "errornote" in wrong.content.decode()
    assert "preview-parameters" in ask(root, FORM, {"schema": {}}).content.decode()


def test_only_authors_may_ask_for_checks(client_of: ClientOf) -> None:
    author = client_of("arthur", "workflows.add_workflowtemplate")
    viola = client_of("vera", *VIEW_ALL)
    for address, data in ((CHECK, draft({})), (FORM, {"schema": {}})):
        assert ask(author, address, data).status_code == 200
        assert ask(viola, address, data).status_code == 403


def test_earlier_runs_are_shown_to_those_who_may_see_them(
    root: Client, client_of: ClientOf
) -> None:
    template = TemplateFactory.create(
        drawing="a > b", payload={"python": "noop"}, parameters_schema=SECRET
    )
    run = create_run(template_id=template.pk, parameters={"token": "hunter22"}, by=who("test"))
    dispatch_all(run)
    finish(run, "a", "success", result={"two words": [1.5, {}], "text": "x" * 99})
    address = url_of(template, "lately")
    with CaptureQueriesContext(connection) as statements:
        told = root.get(address, {"step_id": "a"}).json()

    assert [(each["run"], each["state"]) for each in told["runs"]] == [(run.pk, "success")]
    assert told["left"]["run"] == run.pk
    assert {"path": "['two words'][0]", "type": "number", "value": "1.5"} in told["left"]["result"]
    assert {"path": ".text", "type": "text", "value": f"{'x' * 60}…"} in told["left"]["result"]
    assert "hunter22" not in json.dumps(told)
    assert len(statements) <= 6
    nothing: dict[str, Any] = {"runs": [], "usual": None, "left": None}
    assert root.get(address, {"step_id": "nobody"}).json() == nothing
    author = client_of("arthur", "workflows.change_workflowtemplate", VIEW_ALL[0])
    assert author.get(address, {"step_id": "a"}).status_code == 403
    assert author.get(url_of(template)).context["builder"]["lately"] is None


def test_author_who_may_not_run_is_told_why(client_of: ClientOf) -> None:
    template = TemplateFactory.create(drawing="a")
    author = client_of("arthur", "workflows.change_workflowtemplate", VIEW_ALL[0])
    page = author.get(url_of(template)).content.decode()
    assert "Run…<span class" in page
    assert "which members of the group Workflow operator have" in page


def test_large_templates_are_drawn_without_the_plain_form(root: Client) -> None:
    template = TemplateFactory.create(drawing=" > ".join(f"s{n}" for n in range(300)))
    page = root.get(url_of(template))
    assert len(page.context["builder"]["template"]["steps"]) == 300
    assert "steps-0-step_id" not in page.content.decode()
    assert len(page.content) < 100_000

"""`/workflow-templates`: created templates are returned as sent, invalid ones refused by name."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from runners.models import Runner
from tests.factories import TemplateFactory
from tests.support.drawing import DrawRun, template_of
from workflows.models import WorkflowTemplate
from workflows.payloads.wording import TYPES

BACKUP: dict[str, Any] = {
    "name": "backup",
    "description": "every night",
    "steps": [
        {
            "step_id": "load",
            "title": "Load",
            "depends_on": ["verify", "dump"],
            "runner": "local",
            "payload": {"command": ["true"]},
            "timeout_seconds": 60,
            "requires_approval": True,
        },
        {"step_id": "dump", "title": "Dump"},
        {"step_id": "verify", "title": "Verify", "depends_on": ["dump"], "runner": None},
    ],
}

BOOLEAN, INTEGER = TYPES["boolean"], TYPES["integer"]


def test_created_template_is_returned_as_sent(api: APIClient, local: Runner) -> None:
    answer = api.post("/workflow-templates", BACKUP)

    assert answer.status_code == 201
    assert answer.json() == api.get(f"/workflow-templates/{answer.json()['id']}").json()
    stored = answer.json()
    assert (stored["name"], stored["description"], stored["version"]) == (
        "backup",
        "every night",
        1,
    )
    assert stored["steps"] == [
        BACKUP["steps"][0],
        {
            "step_id": "dump",
            "title": "Dump",
            "depends_on": [],
            "runner": None,
            "payload": {},
            "timeout_seconds": None,
            "requires_approval": False,
        },
        {
            "step_id": "verify",
            "title": "Verify",
            "depends_on": ["dump"],
            "runner": None,
            "payload": {},
            "timeout_seconds": None,
            "requires_approval": False,
        },
    ]


def test_returned_template_can_be_sent_back(api: APIClient, local: Runner) -> None:
    stored = api.post("/workflow-templates", BACKUP).json()
    body = {name: stored[name] for name in ("name", "description", "steps")}

    answer = api.put(f"/workflow-templates/{stored['id']}", body)

    assert answer.json() == stored


def test_replacing_a_template_creates_a_version_and_keeps_runs(
    api: APIClient, runs: DrawRun
) -> None:
    run = runs("a > b")
    path = f"/workflow-templates/{run.template_id}"

    answer = api.put(path, template_of("x > y > z", name="new"))

    assert answer.status_code == 200
    assert [step["step_id"] for step in answer.json()["steps"]] == ["x", "y", "z"]
    assert (answer.json()["name"], answer.json()["version"]) == ("new", 2)
    assert [task.step_id for task in run.tasks.all()] == ["a", "b"]


def test_a_deleted_template_leaves_its_runs_readable(api: APIClient, runs: DrawRun) -> None:
    run = runs("a > b")
    name = run.template_name

    answer = api.delete(f"/workflow-templates/{run.template_id}")

    assert (answer.status_code, answer.content) == (204, b"")
    left = api.get(f"/workflow-runs/{run.pk}").json()
    assert (left["workflow_template_id"], left["workflow_template_name"]) == (None, name)
    assert len(left["task_ids"]) == 2


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"name": "x", "steps": []}, {"steps": ["a template needs at least one step"]}),
        (template_of("a > b > a"), {"steps": ["cycle: a → b → a"]}),
        (
            {"name": "x", "steps": [{"step_id": "a", "title": "A", "depends_on": ["b", "a"]}]},
            {
                "steps": [
                    "step 'a' depends on unknown step 'b'",
                    "step 'a' depends on itself",
                ]
            },
        ),
        (
            {"name": "x", "steps": [{"step_id": "a", "title": "A", "runner": "nobody"}]},
            {"steps": ["step 'a': runner: there is no runner named 'nobody'; known: local"]},
        ),
        (
            {"name": "x", "steps": [{"step_id": "a", "title": "A", "requires_approval": "no"}]},
            {"steps": [f"step 'a': requires_approval: 'no' is not true or false; {BOOLEAN}"]},
        ),
        (
            {"name": "x", "steps": [{"step_id": "a", "title": "A", "timeout_seconds": 60.0}]},
            {
                "steps": [
                    f"step 'a': timeout_seconds: 60.0 is not a whole number or null; {INTEGER}"
                ]
            },
        ),
        (
            {**template_of("a"), "color": "red"},
            {
                "color": [
                    (
                        "Unknown field; known are: name, description, approver_must_differ, "
                        "approval_lasts, parameters_schema, steps."
                    )
                ]
            },
        ),
        ({"name": " ", "steps": []}, {"name": ["must not be blank"]}),
        (
            {"name": "x", "steps": "a"},
            {"steps": [f"the list of steps: 'a' is not a list; {TYPES['array']}"]},
        ),
    ],
)
def test_a_wrong_template_is_refused_by_name_and_nothing_is_stored(
    api: APIClient, body: dict[str, Any], fields: dict[str, list[str]]
) -> None:
    stored = TemplateFactory.create(drawing="a")

    assert (api.post("/workflow-templates", body).json()) == fields
    answer = api.put(f"/workflow-templates/{stored.pk}", body)

    assert (answer.status_code, answer.json()) == (400, fields)
    assert WorkflowTemplate.objects.get().version == 1


def test_an_unknown_template_is_a_404(api: APIClient) -> None:
    missing = {"detail": "workflow template 7 not found", "code": "not_found"}

    for call in (api.get, api.delete):
        answer = call("/workflow-templates/7")
        assert (answer.status_code, answer.json()) == (404, missing)
    answer = api.put("/workflow-templates/7", template_of("a"))
    assert (answer.status_code, answer.json()) == (404, missing)


def test_templates_are_sorted_and_filtered_by_name(api: APIClient) -> None:
    for name in ("b", "a", "c"):
        TemplateFactory.create(name=name, drawing="x > y")

    everything = api.get("/workflow-templates").json()
    found = api.get("/workflow-templates?name=a").json()

    assert [row["name"] for row in everything["results"]] == ["a", "b", "c"]
    assert everything["results"][0]["steps"][1]["depends_on"] == ["x"]
    assert [row["name"] for row in found["results"]] == ["a"]

"""`/workflow-templates/{id}/versions`: read and restore versions."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from runners.models import Runner
from tests.factories import TemplateFactory
from tests.support.actors import who
from tests.support.drawing import template_of
from workflows.authoring.spec import parse_template
from workflows.authoring.store import replace_template
from workflows.models import TemplateVersion, WorkflowTemplate
from workflows.runs.creation import create_run


@pytest.fixture
def template(db: None) -> WorkflowTemplate:
    """Return a template with two versions: `a > b` and `a > b > c`."""
    template: WorkflowTemplate = TemplateFactory.create(drawing="a > b")
    replace_template(template.pk, parse_template(template_of("a > b > c")), by=who("bob"))
    return template


def place(template: WorkflowTemplate, rest: str = "") -> str:
    return f"/workflow-templates/{template.pk}{rest}"


def version_now(template: WorkflowTemplate) -> int:
    return WorkflowTemplate.objects.get(pk=template.pk).version


def test_versions_are_listed_with_author_time_and_number_of_runs(
    api: APIClient, template: WorkflowTemplate
) -> None:
    for _ in range(2):
        create_run(template_id=template.pk, by=who("test"))

    rows = api.get(place(template, "/versions")).json()["results"]

    assert [(row["number"], row["saved_by"], row["runs"]) for row in rows] == [
        (2, "bob", 2),
        (1, "", 0),
    ]
    assert rows[0]["saved_at"].endswith("Z")


def test_version_has_the_content_of_the_template(
    api: APIClient, template: WorkflowTemplate
) -> None:
    version = api.get(place(template, "/versions/1")).json()

    assert [step["step_id"] for step in version["content"]["steps"]] == ["a", "b"]
    assert (version["number"], version["runs"]) == (1, 0)


def test_a_restored_version_is_a_new_one(api: APIClient, template: WorkflowTemplate) -> None:
    answer = api.post(place(template, "/versions/1/restore"))

    assert answer.status_code == 200
    assert answer.json()["version"] == 3
    assert [step["step_id"] for step in answer.json()["steps"]] == ["a", "b"]
    kept = TemplateVersion.objects.filter(template=template).order_by("number")
    assert list(kept.values_list("number", "saved_by")) == [(1, ""), (2, "bob"), (3, "alice")]


def test_restoring_the_latest_version_changes_nothing(
    api: APIClient, template: WorkflowTemplate
) -> None:
    assert api.post(place(template, "/versions/2/restore")).json()["version"] == 2
    assert template.versions.count() == 2


def test_version_with_a_deleted_runner_is_not_restored(api: APIClient, local: Runner) -> None:
    template = TemplateFactory.create(drawing="a", runner="local")
    replace_template(template.pk, parse_template(template_of("b")))
    local.delete()

    answer = api.post(place(template, "/versions/1/restore"))

    assert answer.status_code == 400
    assert answer.json() == {"steps": ["step 'a': runner: there is no runner named 'local'"]}
    assert version_now(template) == 2


@pytest.mark.parametrize("number", ["0", "3", "9" * 30])
@pytest.mark.parametrize(("method", "rest"), [("get", ""), ("post", "/restore")])
def test_a_version_that_does_not_exist_is_not_found(
    api: APIClient, template: WorkflowTemplate, number: str, method: str, rest: str
) -> None:
    answer = api.generic(method, place(template, f"/versions/{number}{rest}"))

    detail = f"version {number} of workflow template {template.pk} not found"
    assert (answer.status_code, answer.json()["detail"]) == (404, detail)
    assert version_now(template) == 2


def test_the_versions_of_a_template_that_does_not_exist_are_not_found(api: APIClient) -> None:
    assert api.get("/workflow-templates/987654/versions").status_code == 404


def test_list_of_versions_takes_the_same_statements_for_two_and_for_many(
    api: APIClient, template: WorkflowTemplate
) -> None:
    with CaptureQueriesContext(connection) as few:
        api.get(place(template, "/versions"))
    for number in range(20):
        replace_template(template.pk, parse_template(template_of(f"s{number}")))
        create_run(template_id=template.pk, by=who("test"))

    with CaptureQueriesContext(connection) as many:
        api.get(place(template, "/versions"))

    assert len(few) == len(many) <= 5


def test_put_with_the_latest_version_is_stored(api: APIClient, template: WorkflowTemplate) -> None:
    answer = api.put(place(template), {**template_of("x"), "version": 2})

    assert (answer.status_code, answer.json()["version"]) == (200, 3)


def test_put_with_an_older_version_is_a_409_and_stores_nothing(
    api: APIClient, template: WorkflowTemplate
) -> None:
    answer = api.put(place(template), {**template_of("x"), "version": 1})

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "you edited version 1, the latest is version 2" in answer.json()["detail"]
    assert version_now(template) == 2


@pytest.mark.parametrize("version", ["2", True, None, 2.0])
def test_version_that_is_not_an_integer_is_refused_by_field(
    api: APIClient, template: WorkflowTemplate, version: Any
) -> None:
    answer = api.put(place(template), {**template_of("x"), "version": version})

    assert (answer.status_code, list(answer.json())) == (400, ["version"])
    assert version_now(template) == 2


def test_post_with_a_version_is_refused(api: APIClient) -> None:
    answer = api.post("/workflow-templates", {**template_of("x"), "version": 1})

    assert (answer.status_code, list(answer.json())) == (400, ["version"])

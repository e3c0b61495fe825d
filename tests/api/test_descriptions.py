"""What the OpenAPI document says about each operation, parameter, body and property."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from runners.models import Runner
from tests.factories import RunFactory, TaskFactory, UserFactory
from workflows.models import Approval, WorkflowRun

pytestmark = pytest.mark.slow

WITH_BODY = ("post", "put", "patch")
ORDER = ("get", *WITH_BODY, "delete")
PERMISSION = re.compile(r"\n\nRequires the permission `(workflows|runners)\.\w+`\.$")


@pytest.fixture
def document(api: APIClient) -> dict[str, Any]:
    found: dict[str, Any] = api.get("/schema", HTTP_ACCEPT="application/json").json()
    return found


@pytest.fixture
def run(local: Runner) -> WorkflowRun:
    made: WorkflowRun = RunFactory.create(
        template__drawing="a > b", template__requires_approval=True
    )
    return made


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and description of each operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def properties(schema: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the properties of a schema and of those within it, each with its place."""
    for name, found in schema.get("properties", {}).items():
        yield f"{place}.{name}", found
        yield from properties(found, f"{place}.{name}")
    yield from properties(schema["items"], place) if "items" in schema else ()


def examples(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Yield the path, the schema and the value of each example of a body."""
    for path, _, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        for media_type in content.values():
            for example in media_type.get("examples", {}).values():
                yield path, media_type["schema"], example["value"]


def test_document_names_the_address_by_which_it_was_read(api: APIClient) -> None:
    document = api.get("/schema", HTTP_ACCEPT="application/json", HTTP_HOST="localhost:9000").json()

    assert [server["url"] for server in document["servers"]] == ["http://localhost:9000"]
    assert document["info"]["description"]


def test_methods_of_each_path_are_in_the_same_order(document: dict[str, Any]) -> None:
    orders = {tuple(methods) for methods in document["paths"].values()}

    assert ("get", "put", "delete") in orders
    assert all(order == tuple(sorted(order, key=ORDER.index)) for order in orders)


def test_every_operation_has_a_summary_and_a_description(document: dict[str, Any]) -> None:
    texts = {
        f"{method} {path}": (operation["summary"], operation["description"])
        for path, method, operation in operations(document)
    }

    assert [place for place, (summary, _) in texts.items() if "\n" in summary or not summary] == []
    assert [place for place, (_, text) in texts.items() if not PERMISSION.sub("", text)] == []


def test_every_operation_names_its_permission(document: dict[str, Any]) -> None:
    unnamed = [
        operation["operationId"]
        for _, _, operation in operations(document)
        if not PERMISSION.search(operation["description"])
    ]

    assert unnamed == ["report_status"]


def test_named_permission_is_the_one_that_is_required(
    document: dict[str, Any], client: Any, run: WorkflowRun
) -> None:
    """A user without permissions is refused with the permission that the document names."""
    client.force_login(UserFactory.create())
    found: dict[str, str] = {}
    for path, method, operation in operations(document):
        if named := re.search(r"`([a-z]+\.\w+)`\.$", operation["description"]):
            address = path.format(id=run.pk, number=1)
            answer = client.generic(method.upper(), address, "{}", content_type="application/json")
            if f"the permission {named[1]}." not in answer.json()["detail"]:
                found[f"{method} {path}"] = answer.content.decode()

    assert found == {}


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    undescribed = [
        f"{method} {path}: {parameter['name']}"
        for path, method, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]

    assert undescribed == []


def test_every_property_is_described(document: dict[str, Any]) -> None:
    undescribed = [
        place
        for name, schema in document["components"]["schemas"].items()
        for place, found in properties(schema, name)
        if not found.get("description")
    ]

    assert undescribed == []


def test_every_object_is_described(document: dict[str, Any]) -> None:
    undescribed = [
        name
        for name, schema in document["components"]["schemas"].items()
        if "enum" not in schema and not schema.get("description")
    ]

    assert undescribed == []


def test_components_and_operations_have_names_for_clients(document: dict[str, Any]) -> None:
    names = document["components"]["schemas"]
    ids = [operation["operationId"] for _, _, operation in operations(document)]

    assert [name for name in names if re.search(r"Answer|Body|Enum|Patched", name)] == []
    assert {"Run", "RunRequest", "Task", "Template", "Runner", "RunnerRequest"} <= set(names)
    assert {"workflow_runs_dispatch_ready", "tasks_log", "workflow_templates_list"} <= set(ids)
    assert len(ids) == len(set(ids))


def test_body_is_required_where_an_empty_one_is_refused(
    api: APIClient, document: dict[str, Any], run: WorkflowRun
) -> None:
    free = TaskFactory.create()
    rows = {
        "workflow-templates": run.template_id,
        "workflow-runs": run.pk,
        "tasks": free.pk,
        "approvals": Approval.objects.earliest("id").pk,
        "runners": Runner.objects.earliest("id").pk,
    }
    wrong: dict[str, Any] = {}
    for path, method, operation in operations(document):
        if "requestBody" not in operation or path.startswith("/runner/"):
            continue
        address = path.format(id=rows.get(path.split("/")[1]))
        status = api.generic(method.upper(), address).status_code
        if operation["requestBody"]["required"] != (status == 400):
            wrong[f"{method} {path}"] = status

    assert wrong == {}


def test_bodies_say_whether_they_are_required(document: dict[str, Any]) -> None:
    required = {
        operation["operationId"]
        for _, method, operation in operations(document)
        if method in WITH_BODY and operation.get("requestBody", {}).get("required")
    }

    assert required == {
        "workflow_templates_create",
        "workflow_runs_create",
        "workflow_runs_keep",
        "workflow_runs_partial_update",
        "workflow_runs_label",
        "workflow_runs_note",
        "tasks_create",
        "tasks_mark_success",
        "tasks_declare_lost",
        "runners_create",
        "report_status",
    }


def test_examples_are_valid(document: dict[str, Any]) -> None:
    found = list(examples(document))
    problems = [
        f"{path}: {error.message}"
        for path, reference, value in found
        for error in Draft202012Validator({**document, **reference}).iter_errors(value)
    ]

    assert len(found) > 8
    assert problems == []

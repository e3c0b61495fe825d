"""The OpenAPI document describes the API, and its page uses no other server."""

import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from runners.models import Runner
from tests.api.endpoints import endpoints
from tests.factories import RunFactory
from tests.support.verbs import dispatch_all, finish
from workflows.authoring.schema import TEMPLATE_SCHEMA
from workflows.authoring.sections import SECTIONS
from workflows.models import Approval, WorkflowRun

pytestmark = pytest.mark.slow


@pytest.fixture
def document(api: APIClient) -> dict[str, Any]:
    answer = api.get("/schema", HTTP_ACCEPT="application/json")
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def run(local: Runner) -> WorkflowRun:
    made: WorkflowRun = RunFactory.create(template__drawing="a > b, c")
    dispatch_all(made)
    finish(made, "a", "failed", exit_code=1, result={"rows": 3}, message="no space")
    return made


def test_document_is_generated_without_warnings(tmp_path: Any) -> None:
    file = tmp_path / "schema.yaml"

    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(file))

    assert file.read_text().startswith("openapi: 3.1.0")


def test_every_endpoint_is_in_the_document(document: dict[str, Any]) -> None:
    described = {
        f"{method.upper()} {path.replace('{id}', '<int:pk>').replace('{number}', '<int:number>')}"
        for path, operations in document["paths"].items()
        for method in operations
    }
    undescribed = {"GET /", "GET /healthz", "GET /readyz", "GET /schema", "GET /docs"}

    assert described == {*endpoints()} - undescribed


def test_every_operation_lists_its_error_responses(document: dict[str, Any]) -> None:
    operations = document["paths"]
    cancel = operations["/tasks/{id}/cancel"]["post"]["responses"]
    create = operations["/workflow-templates"]["post"]["responses"]
    callback = operations["/runner/tasks/{id}/status"]["post"]["responses"]
    delete = operations["/runners/{id}"]["delete"]["responses"]

    assert sorted(cancel) == ["200", "400", "401", "403", "404", "409", "429", "503"]
    assert sorted(create) == ["201", "400", "401", "403", "404", "409", "429", "503"]
    assert sorted(callback) == ["200", "400", "401", "404", "409", "429", "503"]
    assert sorted(delete) == ["204", "401", "403", "404", "409", "429", "503"]
    assert cancel["409"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Refusal"
    }


def test_template_body_is_described_by_the_schema_that_validates_it(
    document: dict[str, Any],
) -> None:
    schemas = document["components"]["schemas"]
    step, template, changes = (
        schemas[name] for name in ("StepRequest", "TemplateRequest", "TemplateChangesRequest")
    )
    steps = {**template["properties"]["steps"], "items": step}

    sections = {name: each.schema for name, each in SECTIONS.items()}
    described = {**template, "properties": {**template["properties"], "steps": steps}}
    content = TEMPLATE_SCHEMA["properties"]
    assert described == {**TEMPLATE_SCHEMA, "properties": {**content, **sections}}
    # What a PUT does not name is kept.
    assert changes["required"] == []
    assert {*changes["properties"]} - {*template["properties"]} == {"version"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "/workflow-templates", None),
        ("get", "/workflow-templates/{template}", None),
        ("get", "/workflow-runs", None),
        ("get", "/workflow-runs/{run}", None),
        ("get", "/workflow-runs/{run}/graph", None),
        ("get", "/workflow-runs/{run}/explain", None),
        ("get", "/workflow-runs/{gated}/explain", None),
        ("post", "/workflow-runs/{run}/pause", {}),
        ("post", "/workflow-runs/{run}/dispatch-ready", {}),
        ("post", "/workflow-runs/{fresh}/dispatch-ready", {"limit": "all"}),
        ("post", "/workflow-runs/{fresh}/dispatch-ready", {"dry_run": True}),
        ("post", "/workflow-runs", {"workflow_template_id": 987654321}),
        ("post", "/tasks", {"title": "x", "payload": {"command": ["true"]}}),
        ("post", "/tasks", {}),
        ("get", "/tasks", None),
        ("get", "/tasks/{task}", None),
        ("get", "/tasks/{task}/log", None),
        ("post", "/tasks/{free}/hold", {"reason": "later", "resume_at": "2999-01-01T00:00:00Z"}),
        ("post", "/tasks/{free}/hold", {"resume_at": "2000-01-01T00:00:00Z"}),
        ("post", "/tasks/{free}/release", {}),
        ("get", "/approvals", None),
        ("get", "/approvals?status=nonsense", None),
        ("get", "/approvals/{approval}", None),
        ("post", "/approvals/{approval}/approve", {"comment": "fine"}),
        ("post", "/approvals/{approval}/reject", {}),
        ("post", "/runner/tasks/{task}/status", {"status": "success"}),
        ("post", "/runner/tasks/{task}/status", {"status": "nonsense"}),
        ("get", "/events", None),
        ("get", "/events?limit=0", None),
        ("get", "/runners", None),
        ("post", "/runners", {"name": "big"}),
        ("post", "/runners", {"name": "far", "kind": "http", "url": "http://gpu-1:9000"}),
        ("post", "/runners", {"name": "far", "kind": "http"}),
    ],
)
def test_responses_match_the_document(
    api: APIClient,
    document: dict[str, Any],
    run: WorkflowRun,
    method: str,
    path: str,
    body: Any,
) -> None:
    fresh = RunFactory.create(template__drawing="a")
    gated = RunFactory.create(template__drawing="a > b", template__requires_approval=True)
    ids = {
        "run": run.pk,
        "fresh": fresh.pk,
        "free": fresh.tasks.get().pk,
        "gated": gated.pk,
        "approval": Approval.objects.earliest("id").pk,
        "template": run.template_id,
        "task": run.tasks.first().pk,  # type: ignore[union-attr]
    }
    answer = api.generic(method.upper(), path.format(**ids)) if body is None else None
    answer = answer or api.post(path.format(**ids), body)

    described = document["paths"][re.sub(r"\{\w+\}", "{id}", path.split("?")[0])][method]
    found = described["responses"][str(answer.status_code)]["content"]["application/json"]
    schema = {**found["schema"], "components": document["components"]}
    problems = [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())]
    assert problems == []


def test_docs_page_loads_nothing_from_other_sites_and_has_no_inline_script(
    alice: Any, client: Any
) -> None:
    client.force_login(alice)

    page = client.get("/docs").content.decode()

    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(sources) == 4
    assert all(finders.find(re.sub("^/static/v-[^/]*/", "", source)) for source in sources)
    assert re.findall(r"<script>", page) == []
    assert 'data-document="/schema"' in page


def test_docs_page_without_the_files_of_swagger_ui_says_what_to_install(
    alice: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.api.schema.SIDECAR", "no_such_app")
    client.force_login(alice)

    page = client.get("/docs").content.decode()

    assert "install <code>drf-spectacular-sidecar</code>" in page
    assert 'href="/schema"' in page
    assert "<script" not in page

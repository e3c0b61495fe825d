"""Hostile texts in every text field of the API, and how the admin shows them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.html import escape

from tests.fuzz.test_document import DOCUMENT
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import dispatch, finish
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import Approval, WorkflowRun
from workflows.runs.creation import create_run

MARKUP = "\"'><script>alert(7)</script><img src=x onerror=alert(7)>"
TEXTS = {
    "nul": "a\0b",
    "surrogate": "a\ud800b",
    "markup": MARKUP,
    "sql": "'; DROP TABLE workflows_task; --",
    "django": "{{ 7|add:700000000 }}{% load x %}",
    "jinja": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "format": "%s%n{0.__class__}",
    "direction": "\u202egnp.exe\u2066",
    "long": "x" * 100_000,
}
STEP = {"step_id": "a", "title": "A"}


def text_fields() -> Iterator[tuple[str, str, str]]:
    """Yield method, path and name of every top-level text field of the bodies in the document."""
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            for name, field in _properties(operation).items():
                if "string" in str(field.get("type")):
                    yield method, path, name


def _properties(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = DOCUMENT["components"]["schemas"].get(name, schema)
    return dict(found.get("properties", {}))


FIELDS = list(text_fields())


def test_document_has_text_fields() -> None:
    assert len(FIELDS) > 20


@pytest.mark.parametrize(("method", "path", "name"), FIELDS)
def test_hostile_text_is_never_a_500(
    headers: dict[str, str], busy: WorkflowRun, method: str, path: str, name: str
) -> None:
    url = path.replace("{id}", str(busy.tasks.earliest("id").pk))
    client = Client(raise_request_exception=False, headers=headers)
    for text in TEXTS.values():
        body = {"name": "T", "title": "T", "kind": "local", "steps": [STEP], name: text}
        answer = client.generic(method.upper(), url, json.dumps(body), "application/json")
        assert answer.status_code in {200, 201, 400, 401, 404, 409}
        assert json.loads(answer.content)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tasks", {"title": "T", "payload": {"command": ["x" * 10_000_000]}}),
        ("/workflow-templates", {"name": "T", "steps": [STEP], "description": "x" * 10_000_000}),
        ("/workflow-runs", {"workflow_template_id": 1, "parameters": {"x": "y" * 10_000_000}}),
        ("/runner/tasks/1/status", {"status": "success", "stdout": "x" * 10_000_000}),
        ("/tasks", {"title": "T", "payload": {"kwargs": {"n": int("9" * 4_000)}}}),
        ("/workflow-runs", {"workflow_template_id": 2**64}),
    ],
)
def test_huge_value_is_never_a_500(
    headers: dict[str, str], busy: WorkflowRun, path: str, body: dict[str, Any]
) -> None:
    client = Client(raise_request_exception=False, headers=headers)

    answer = client.post(path, body, content_type="application/json")

    assert answer.status_code in {200, 201, 400, 401, 404, 409, 413}
    assert answer.json()


@pytest.mark.parametrize("text", [TEXTS["markup"], TEXTS["sql"], TEXTS["django"], TEXTS["jinja"]])
def test_admin_shows_hostile_text_escaped(
    alice: User, runs: DrawRun, script: Script, text: str
) -> None:
    step = {"step_id": text, "title": text, "requires_approval": True}
    spec = parse_template({"name": text, "description": text, "steps": [step]})
    by = who(text)
    template = create_template(spec, by=by)
    run = create_run(template_id=template.pk, initiated_by=text, parameters={text: text}, by=by)
    client = Client()
    client.force_login(alice)
    other = runs("a > b")
    dispatch(other, by=by)
    finish(other, "a", "failed", message=text, result={text: text}, exit_code=1)
    dispatch(run, by=by)
    task, approval = other.tasks.earliest("id"), Approval.objects.latest("id")
    objects = {"workflowtemplate": template, "workflowrun": run, "task": task, "approval": approval}
    pages = [f"workflows/{name}/{row.pk}/change/" for name, row in objects.items()]
    pages += [f"workflows/{name}/" for name in (*objects, "event")]
    escaped = 0
    for page in ("", f"workflows/workflowrun/{other.pk}/change/", *pages):
        answer = client.get(f"/admin/{page}")
        shown = answer.content.decode()
        assert answer.status_code == 200, page
        assert "<script>alert" not in shown, page
        assert "<img src=x" not in shown, page
        assert "700000007" not in shown, page
        escaped += escape(text) in shown
    assert escaped > 5

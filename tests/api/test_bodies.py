"""Malformed request bodies never cause a 500."""

import json
from typing import Any

import pytest
from django.db import IntegrityError
from django.http import HttpRequest
from django_fsm import ConcurrentTransition
from pytest_django import Settings
from rest_framework.test import APIClient

from tests.support.drawing import DrawRun
from tests.support.verbs import trail
from workflows.api.errors import exception_handler
from workflows.models import Task

POSTS = [
    "/workflow-templates",
    "/workflow-runs",
    "/workflow-runs/{run}/pause",
    "/workflow-runs/{run}/resume",
    "/workflow-runs/{run}/abort",
    "/workflow-runs/{run}/cancel-rest",
    "/workflow-runs/{run}/dispatch-ready",
    "/tasks",
    "/tasks/{task}/ask",
    "/tasks/{task}/cancel",
    "/tasks/{task}/declare-lost",
    "/tasks/{task}/retry",
    "/tasks/{task}/retry-downstream",
    "/tasks/{task}/mark-success",
    "/tasks/{task}/hold",
    "/tasks/{task}/release",
    "/approvals/{approval}/approve",
    "/approvals/{approval}/reject",
    "/runners",
]


@pytest.fixture(params=POSTS)
def path(request: pytest.FixtureRequest, runs: DrawRun) -> str:
    run = runs("a", requires_approval=True)
    task = run.tasks.get()
    return str(request.param).format(run=run.pk, task=task.pk, approval=task.approvals.get().pk)


def send(api: APIClient, path: str, body: str | bytes) -> Any:
    raw = body if isinstance(body, bytes) else body.encode()
    return api.post(path, raw, content_type="application/json")


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        '"text"',
        "1",
        "null",
        "{",
        '{"a": NaN}',
        '{"a": 1, "a": 1}',
        '{"payload": {"a": 1, "a": 2}}',
        "[" * 1000 + "]" * 1000,
        '{"a":' * 100_000,
        '{"a": ' + "9" * 5000 + "}",
        b'{"a": "\xff"}',
        "\ufeff{}",
    ],
)
def test_body_that_is_not_a_json_object_is_refused(
    api: APIClient, path: str, body: str | bytes
) -> None:
    answer = send(api, path, body)

    assert (answer.status_code, sorted(answer.json())) == (400, ["code", "detail"])


@pytest.mark.parametrize("levels", [60, 1_000, 9_000, 40_000])
def test_body_that_is_nested_too_deeply_is_refused(api: APIClient, path: str, levels: int) -> None:
    """How deep Python reads depends on its version, and with that whether a field is named."""
    answer = send(api, path, '{"a":' * levels + "1" + "}" * levels)

    assert answer.status_code == 400
    assert "nested" in answer.content.decode()


@pytest.mark.parametrize(
    ("body", "field", "why"),
    [
        (r'{"x": "\u0000"}', "x", "NUL"),
        (r'{"x": {"\u0000": 1}}', "x", "NUL"),
        (r'{"x": ["\ud800"]}', "x", "surrogate"),
        (r'{"\ud800": 1}', r"\ud800", "surrogate"),
        ('{"x": 1e400}', "x", "infinite"),
        ('{"x": ' + "[" * 60 + "]" * 60 + "}", "x", "deeper"),
        ('{"surprise": 1}', "surprise", "Unknown field; known are: "),
    ],
)
def test_values_that_cannot_be_stored_are_refused_by_field(
    api: APIClient, path: str, body: str, field: str, why: str
) -> None:
    answer = send(api, path, body)

    assert answer.status_code == 400
    assert why in answer.json()[field][0]


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("/workflow-runs", "workflow_template_id", "1"),
        ("/workflow-runs", "workflow_template_id", 1.0),
        ("/workflow-runs", "workflow_template_id", True),
        ("/workflow-runs", "workflow_template_id", []),
        ("/workflow-runs", "task_ids", 1),
        ("/workflow-runs", "task_ids", ["1"]),
        ("/workflow-runs", "task_ids", [True]),
        ("/workflow-runs", "task_ids", {"1": 1}),
        ("/workflow-runs", "task_ids", [1] * 10_001),
        ("/workflow-runs", "initiated_by", 1),
        ("/workflow-runs", "initiated_by", "x" * 151),
        ("/workflow-runs", "parameters", []),
        ("/workflow-runs", "parameters", "x"),
        ("/workflow-runs", "parameters", None),
        ("/workflow-runs", "auto_dispatch", "yes"),
        ("/workflow-runs", "auto_dispatch", 1),
        ("/workflow-runs", "auto_dispatch", None),
        ("/workflow-runs/{run}/dispatch-ready", "dry_run", "true"),
        ("/workflow-runs/{run}/pause", "reason", 1),
        ("/workflow-runs/{run}/pause", "reason", None),
        ("/workflow-runs/{run}/pause", "reason", "x" * 2001),
    ],
)
def test_a_wrong_type_is_refused_by_field(
    api: APIClient, runs: DrawRun, path: str, field: str, value: Any
) -> None:
    run = runs("a")

    answer = api.post(path.format(run=run.pk), {field: value})

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert trail(run) == []


def test_all_wrong_fields_are_named_at_once(api: APIClient) -> None:
    answer = api.post("/workflow-runs", {"colour": "red", "auto_dispatch": 1, "task_ids": ["x"]})

    assert sorted(answer.json()) == ["auto_dispatch", "colour", "task_ids"]


def test_limit_of_the_project_is_not_that_of_the_api(api: APIClient, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000

    answer = send(api, "/tasks", json.dumps({"title": "a", "payload": {"prompt": "y" * 1_000}}))

    assert answer.status_code == 201


def test_a_body_that_is_too_large_is_refused(api: APIClient) -> None:
    answer = send(api, "/workflow-runs", json.dumps({"parameters": {"x": "y" * 16 * 2**20}}))

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_form_data_is_a_415(api: APIClient) -> None:
    answer = api.post("/workflow-runs", "a=1", content_type="application/x-www-form-urlencoded")

    assert (answer.status_code, sorted(answer.json())) == (415, ["code", "detail"])


def test_unknown_methods_are_refused_in_json(api: APIClient) -> None:
    answer = api.generic("BREW", "/tasks")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert api.options("/tasks").status_code == 405


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", ["/tasks/", "/tasks/x", "/tasks/1/x", "/tasks/" + "9" * 5000])
def test_unknown_paths_are_a_404_in_json(path: str, settings: Settings, debug: bool) -> None:
    settings.DEBUG = debug

    for answer in (APIClient().get(path), APIClient(enforce_csrf_checks=True).post(path)):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_path_outside_admin_and_api_is_a_404_in_json() -> None:
    assert APIClient().get("/nothing").json()["code"] == "not_found"


@pytest.mark.parametrize("kind", [IntegrityError, ConcurrentTransition, Task.DoesNotExist])
def test_concurrent_change_is_a_409(kind: type[Exception]) -> None:
    answer = exception_handler(kind("secret"), {"request": HttpRequest()})

    assert answer is not None
    assert (answer.status_code, answer.data["code"]) == (409, "changed_meanwhile")
    assert "try again" in answer.data["detail"]
    assert "secret" not in str(answer.data)

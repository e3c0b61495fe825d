"""Mistakes in requests: the answer names the field, and what to write instead."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from knox.models import AuthToken
from pytest_django import Settings
from rest_framework.test import APIClient

Row = tuple[str, Any, int, str, str]
"""Method and path, the body, the status, how the field is named, the remedy."""
TEMPLATE, RUNS = "POST /workflow-templates", "POST /workflow-runs"
DISPATCH, TASKS, RUNNERS = (
    "POST /workflow-runs/{run}/dispatch-ready",
    "POST /tasks",
    "POST /runners",
)
MOMENT = "2026-01-31T08:00:00Z"
HTTP = {"name": "g", "kind": "http"}


def step(**fields: Any) -> dict[str, Any]:
    """Return a template with one step that has these fields."""
    return {"name": "t", "steps": [{"step_id": "a", "title": "A", **fields}]}


def run_with(**parameters: Any) -> dict[str, Any]:
    """Return a run of the template with other parameters."""
    return {"workflow_template_id": "{template}", "parameters": {"token": "abcd", **parameters}}


PATHS: list[Row] = [
    ("GET /api/workflow-runs", None, 404, "/api/workflow-runs", "did you mean /workflow-runs?"),
    ("GET /api/v2/tasks/7", None, 404, "/api/v2/tasks/7", "did you mean /tasks/7?"),
    ("GET /workflow-runs/", None, 404, "/workflow-runs/", "did you mean /workflow-runs?"),
    ("GET /workflow_runs", None, 404, "/workflow_runs", "did you mean /workflow-runs?"),
    ("GET /runs", None, 404, "/runs", "did you mean /workflow-runs?"),
    ("GET /jobs", None, 404, "/jobs", "known are: /workflow-templates, /workflow-runs, /tasks"),
    ("GET /exports/jobs", None, 404, "/jobs", "known are: /exports/events, /exports/runs"),
    ("GET /workflow-runs/{run}/tasks", None, 404, "/tasks", "did you mean /tasks?run_id={run}?"),
    ("GET /workflow-runs/{run}/log", None, 404, "/{run}/log", "/workflow-runs/{run}/graph"),
    ("GET /tasks/abc", None, 404, "/tasks/abc", "the id must be a whole number, as in /tasks/1"),
    ("GET /tasks/{task}/logs", None, 404, "/logs", "did you mean /tasks/{task}/log?"),
    ("POST /workflow-runs/{run}/dispatch_ready", {}, 404, "_ready", "/{run}/dispatch-ready?"),
    ("GET /tasks/999999", None, 404, "task 999999", "not found"),
    ("PUT /workflow-runs/{run}", {}, 405, '"PUT"', "This path takes GET, PATCH."),
    ("GET /workflow-runs/{run}/pause", None, 405, '"GET"', "This path takes POST."),
    ("DELETE /events", None, 405, '"DELETE"', "This path takes GET."),
]
FILTERS: list[Row] = [
    ("GET /workflow-runs?status=done", None, 400, "status", "created, running, paused, success"),
    ("GET /workflow-runs?status=Failed", None, 400, "status", "did you mean failed?"),
    ("GET /workflow-runs?status=failed,paused", None, 400, "status", "once for each value"),
    ("GET /workflow-runs?statsu=failed", None, 400, "statsu", "did you mean status?"),
    ("GET /workflow-runs?state=%00", None, 400, "state", "known are: status, "),
    ("GET /workflow-runs?status=%00", None, 400, "status", "known are: created, "),
    ("GET /tasks?step_id=%00", None, 400, "step_id", "Null characters are not allowed"),
    ("GET /workflow-runs?created_at_after=yesterday", None, 400, "created_at_after", MOMENT),
    (f"GET /workflow-runs?created_at_before={MOMENT[:-1]}+00:00", None, 400, "_before", "%2B"),
    ("GET /workflow-runs?workflow_template_id=nightly", None, 400, "_id", "a whole number"),
    ("GET /workflow-runs?limit=all", None, 400, "limit", "a whole number from 1 to 1000"),
    ("GET /workflow-runs?limit=1&limit=2", None, 400, "limit", "Give one value"),
    ("GET /tasks?run_id=1&run_id=2", None, 400, "run_id", "Give one value"),
    ("GET /events?event_type=task.finished", None, 400, "event_type", "Known are: workflow_run.cr"),
    ("GET /tasks?status=done&limit=0", None, 400, '"limit"', '"status"'),
    ("GET /tasks/{task}/log?after=x", None, 400, "after", "a whole number"),
    ("GET /tasks/{task}/log?attempt=last", None, 400, "attempt", "the number or the id"),
]
BODIES: list[Row] = [
    (RUNS, "{'a': 1}", 400, "not valid JSON", "double quotes: line 1 column 2"),
    (RUNS, '{"a": 1}\n{', 400, "not valid JSON", "line 2 column 1"),
    (RUNS, '{"a": 1, "a": 2}', 400, "not valid JSON", "duplicate key 'a'"),
    (RUNS, b'{"a": "\xff"}', 400, "not valid JSON", "not text in UTF-8"),
    (RUNS, '{"a": ' + "9" * 5_000 + "}", 400, "not valid JSON", "at most 4,000 digits"),
    (RUNS, [{"a": 1}], 400, "The body", "must be a JSON object, such as {"),
    (RUNS, {}, 400, "workflow_template_id", "Give a workflow_template_id, task_ids or again_of"),
    (RUNS, {"template_id": 1}, 400, "template_id", "did you mean workflow_template_id?"),
    (RUNS, {"workflow_template_id": "1"}, 400, "workflow_template_id", "without quotes"),
    (RUNS, {"task_ids": 1}, 400, "task_ids", "a list, such as"),
    (RUNS, {"task_ids": ["7"]}, 400, '"0"', "without quotes"),
    (RUNS, {**run_with(), "parameters": "x"}, 400, "parameters", 'such as {"key": "value"}'),
    (RUNS, {**run_with(), "auto_dispatch": "yes"}, 400, "auto_dispatch", "true or false"),
    (RUNS, {**run_with(), "initiated_by": 5}, 400, "initiated_by", "a text in quotes"),
    (RUNS, {"again_of": 1, "version": "new"}, 400, "version", "choose one of: same, latest"),
    (RUNS, {**run_with(), "parameters": None}, 400, "parameters", "give a value, or leave"),
    (RUNS, run_with(), 400, "day", "this property is required"),
    (RUNS, run_with(day="today"), 400, "day: 'today'", "such as 2026-01-31"),
    (RUNS, run_with(day="2026-01-31", copies="2"), 400, "copies: '2'", "without quotes"),
    (RUNS, run_with(day="2026-01-31", mode="fats"), 400, "mode: 'fats'", "did you mean fast?"),
    (RUNS, run_with(day="2026-01-31", hosts=["a"]), 400, 'hosts: ["a"]', "at least 2 items"),
    (RUNS, run_with(day="2026-01-31", token="abc"), 400, "token: ", "minLength"),
    (
        RUNS,
        run_with(day="2026-01-31", days="x"),
        400,
        "days: there is no",
        "did you mean day?",
    ),
    ("PATCH /workflow-runs/{run}", {"status": "paused"}, 400, "status", "known are: reason, auto"),
    ("PATCH /workflow-runs/{run}", {}, 400, "auto_dispatch", "This field is required"),
    ("POST /workflow-runs/{run}/pause", {"why": "x"}, 400, "why", "known are: reason"),
    ("POST /workflow-runs/{run}/retry", {"task_ids": []}, 400, "task_ids", "leave the field out"),
    (DISPATCH, {"limit": "ten"}, 400, "limit", 'from 1 to 10000, or "all"'),
    (DISPATCH, {"task_id": 1, "limit": 2}, 400, "limit", "Leave it out"),
    ("POST /tasks/{task}/hold", {"resume_at": "tomorrow"}, 400, "resume_at", MOMENT),
    ("POST /tasks/{task}/mark-success", {}, 400, "reason", "Say why"),
    (TASKS, {"titel": "x"}, 400, "titel", "did you mean title?"),
    (TASKS, {"title": "x", "timeout_seconds": 0}, 400, "timeout_seconds", "or equal to 1"),
    (TASKS, {"title": "x", "runner": "gpus"}, 400, "runner", "gpus"),
    (TEMPLATE, {}, 400, '"steps"', "This field is required"),
    (TEMPLATE, {**step(), "tag": 1, "owner": 2}, 400, '"owner"', '"tag"'),
    (TEMPLATE, {**step(), "description": None}, 400, "description", "a text in quotes"),
    (TEMPLATE, {**step(), "approval_lasts": "week"}, 400, "approval_lasts", "of: reset, run"),
    (TEMPLATE, {**step(), "name": "x" * 201}, 400, "name", "at most 200 characters"),
    (TEMPLATE, step(depends_on="b"), 400, "'a': depends_on", 'a list, as in ["a"'),
    (TEMPLATE, step(timeout_seconds="10"), 400, "'a': timeout_seconds", "without quotes"),
    (TEMPLATE, step(requires_approval="yes"), 400, "'a': requires_approval", "true or false"),
    (TEMPLATE, step(payload=None), 400, "'a': payload: null", "write an object"),
    ("PUT /workflow-templates/{template}", {"version": "1"}, 400, "version", "without quotes"),
    (RUNNERS, {"name": "gpu"}, 400, "name", "choose another one"),
    (RUNNERS, {"name": "g", "kind": "ssh"}, 400, "kind", "use: celery, http, local"),
    (RUNNERS, {**HTTP, "url": "gpu-1:9000"}, 400, "url", "such as http://gpu-1:9000"),
    (RUNNERS, {"name": "g", "capacity": -1}, 400, "capacity", "greater than or equal to 1"),
    (RUNNERS, {"name": "g", "secret_names": "A"}, 400, "secret_names", "a list, such as"),
    ("PATCH /runners/{gpu}", {"capcity": 1}, 400, "capcity", "did you mean capacity?"),
]
MISTAKES = [*PATHS, *FILTERS, *BODIES]


def filled(value: Any, site: dict[str, Any]) -> Any:
    """Return a body or path with the ids of the site."""
    if isinstance(value, dict):
        return {key: filled(each, site) for key, each in value.items()}
    if not isinstance(value, str):
        return value
    if value.strip("{}") in site and value.startswith("{"):
        return site[value.strip("{}")]
    for name, pk in site.items():
        value = value.replace(f"{{{name}}}", str(pk))
    return value


@pytest.fixture
def api(site: dict[str, Any]) -> APIClient:
    client = APIClient()
    client.force_authenticate(site["alice"])
    return client


@pytest.mark.parametrize(("what", "body", "status", "field", "remedy"), MISTAKES)
def test_mistake_is_answered_with_field_and_remedy(
    api: APIClient,
    site: dict[str, Any],
    unchanged: Callable[[], bool],
    what: str,
    body: Any,
    status: int,
    field: str,
    remedy: str,
) -> None:
    method, _, path = filled(what, site).partition(" ")
    content: Any = body if isinstance(body, str | bytes) else json.dumps(filled(body, site))
    answer = api.generic(method, path, content, content_type="application/json")

    text = json.dumps(answer.json(), ensure_ascii=False).replace('\\"', '"')
    assert answer.status_code == status
    assert filled(field, site) in text
    assert filled(remedy, site) in text
    assert "Traceback" not in text
    assert unchanged()


@pytest.mark.parametrize(
    ("content_type", "named"),
    [
        ("application/x-www-form-urlencoded", '"application/x-www-form-urlencoded"'),
        ("text/plain", '"text/plain"'),
        ("application/yaml", '"application/yaml"'),
    ],
)
def test_body_of_another_type_is_told_to_be_json(
    api: APIClient, unchanged: Callable[[], bool], content_type: str, named: str
) -> None:
    answer = api.generic("POST", "/workflow-runs", "a=1", content_type=content_type)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert named in answer.json()["detail"]
    assert "'Content-Type: application/json'" in answer.json()["detail"]
    assert unchanged()


def basic(name: str, password: str) -> str:
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("header", "named", "remedy"),
    [
        ("", "credentials were not provided", "send the header 'Authorization: Token …'"),
        ("Bearer {token}", "'Bearer …'", "write 'Authorization: Token …' instead"),
        ("{token}", "the header Authorization", "must begin with 'Token '"),
        ("Token: {token}", "'Token: …'", "write 'Authorization: Token …' instead"),
        ("Token {token}x", "Invalid token", "manage.py create_api_token makes a new one"),
        ('Token "{token}"', "Invalid token", "manage.py create_api_token makes a new one"),
        ("Token", "Invalid token header", "No credentials provided"),
        (basic("alice", "wrong"), "Invalid username/password", "one of their API tokens"),
    ],
)
def test_refused_login_says_how_to_log_in(
    site: dict[str, Any], header: str, named: str, remedy: str
) -> None:
    _, token = AuthToken.objects.create(site["alice"])
    headers: Any = {"HTTP_AUTHORIZATION": header.format(token=token)} if header else {}

    answer = APIClient().get("/tasks", **headers)

    assert answer.status_code == 401
    assert named in answer.json()["detail"]
    assert remedy in answer.json()["detail"]
    assert token not in answer.json()["detail"]


def test_missing_csrf_token_is_told_its_header(site: dict[str, Any]) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(site["alice"])

    answer = client.post("/tasks", {"title": "x"})

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert "CSRF Failed" in answer.json()["detail"]
    assert "'X-CSRFTOKEN'" in answer.json()["detail"]


def test_basic_takes_a_token_of_the_same_user_alone(
    site: dict[str, Any], django_user_model: type[User]
) -> None:
    _, token = AuthToken.objects.create(site["alice"])
    bob = django_user_model.objects.create(username="bob")

    def status(name: str) -> int:
        return int(APIClient().get("/tasks", HTTP_AUTHORIZATION=basic(name, token)).status_code)

    assert (status("alice"), status(bob.username), status(""), status(token)) == (
        200,
        401,
        401,
        401,
    )
    AuthToken.objects.all().delete()
    assert status("alice") == 401


def test_token_in_basic_works_while_passwords_are_refused(
    site: dict[str, Any], settings: Settings
) -> None:
    settings.FAILED_LOGINS = {"per_address": 50, "per_user": 1, "seconds": 60}
    _, token = AuthToken.objects.create(site["alice"])

    answers = [
        APIClient().get("/tasks", HTTP_AUTHORIZATION=basic("alice", password)).status_code
        for password in ("guess", "guess", token)
    ]

    assert answers == [401, 429, 200]


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html,*/*"])
def test_path_that_leads_nowhere_is_json_in_every_mode(
    settings: Settings, debug: bool, accept: str
) -> None:
    settings.DEBUG = debug

    answer = APIClient().get("/api/workflow-runs", HTTP_ACCEPT=accept)

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")


@pytest.mark.django_db
def test_admin_is_still_found_without_its_slash() -> None:
    assert APIClient().get("/admin")["Location"] == "/admin/"

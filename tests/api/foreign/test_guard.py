"""Without our middleware, the API keeps its bounds, and its errors are JSON below its prefix."""

import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import include, path
from knox.models import AuthToken
from pytest_django import Settings

from tests.api.foreign.conftest import Mount
from tests.factories import RunFactory
from tests.support.refusing import refusing
from workflows.api.outage import OUTAGE
from workflows.models import WorkflowRun

JSON: Any = {"content_type": "application/json"}


@pytest.fixture(autouse=True)
def host(mount: Mount) -> None:
    mount(path("ops/", include("workflows.api.urls")))


@pytest.fixture
def client(alice: User) -> Client:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    token = AuthToken.objects.create(alice)[1]
    client.defaults["HTTP_AUTHORIZATION"] = f"Token {token}"
    return client


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    ("method", "place", "status"),
    [
        ("GET", "nothing", 404),
        ("GET", "", 404),
        ("POST", "nothing/at/all", 404),
        ("GET", "tasks/x", 404),
        ("POST", "runner/tasks/x/status", 404),
        ("TRACE", "tasks", 405),
    ],
)
def test_paths_that_lead_nowhere_are_json(
    client: Client, method: str, place: str, status: int
) -> None:
    answer = client.generic(method, f"/ops/{place}")

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")


def test_outside_of_the_prefix_the_project_answers(client: Client) -> None:
    assert client.get("/nothing").content == b"a page of the project"


@pytest.mark.parametrize(
    ("place", "largest"),
    [("workflow-runs", 16 * 2**20), ("runner/tasks/1/status", 64 * 2**20), ("docs", 65_536)],
)
def test_bodies_are_refused_by_their_length(client: Client, place: str, largest: int) -> None:
    length = {"CONTENT_LENGTH": str(largest + 1)}
    assert said(client.generic("POST", f"/ops/{place}", **length)) == (413, "too_large")  # type: ignore[arg-type]


@pytest.mark.parametrize("query", ["x" * 20_001, "&".join(f"a{n}=1" for n in range(5_001))])
def test_addresses_that_ask_for_too_much_are_a_400(client: Client, query: str) -> None:
    answer = client.get(f"/ops/tasks?{query}")

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")


def test_host_that_is_not_allowed_is_json_if_the_project_does_not_look(
    client: Client, settings: Settings
) -> None:
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "CommonMiddleware" not in each]

    assert said(client.get("/ops/tasks", headers={"host": "evil"})) == (400, "host_not_allowed")
    assert client.get("/ops/healthz", headers={"host": "evil"}).status_code == 200


def test_errors_of_ours_are_logged_and_answered_in_json(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("workflows.api.views.runs.explain", lambda pk: 1 / 0)

    answer = client.get("/ops/workflow-runs/1/explain")

    assert said(answer) == (500, "error")
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert (record.name, bool(record.exc_info)) == ("django.request", True)


def test_while_debugging_errors_of_ours_are_the_projects(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr("workflows.api.views.runs.explain", lambda pk: 1 / 0)
    settings.DEBUG = True

    assert b"ZeroDivisionError" in client.get("/ops/workflow-runs/1/explain").content


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_refusals_of_the_database_are_a_503(client: Client) -> None:
    run = RunFactory.create(template__drawing="a > b")
    with refusing("FOR NO KEY UPDATE", "25006"):
        answer = client.post(f"/ops/workflow-runs/{run.pk}/pause", **JSON)

    assert said(answer) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    assert WorkflowRun.objects.get().state == "created"


def test_refusals_of_sqlite_are_a_503(client: Client) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    run = RunFactory.create(template__drawing="a")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = on")
        try:
            answer = client.post(
                f"/ops/workflow-runs/{run.pk}/pause", content_type="application/json"
            )
        finally:
            cursor.execute("PRAGMA query_only = off")

    assert said(answer) == (503, "unavailable")


def test_while_the_database_is_silent_requests_are_refused_at_once(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr("workflows.api.outage.PAUSE_S", 60.0)
    OUTAGE.begin()
    try:
        with django_assert_num_queries(0):
            assert said(client.get("/ops/tasks")) == (503, "unavailable")
            assert client.get("/ops/healthz").status_code == 200
    finally:
        OUTAGE.end()


def test_exports_are_sent_while_they_are_read(client: Client) -> None:
    RunFactory.create(template__drawing="a")

    answer: Any = client.get("/ops/exports/events?after=0")

    assert answer.streaming
    assert len(answer.getvalue().splitlines()) == 2

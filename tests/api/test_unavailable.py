"""503 with `Retry-After` while the database refuses, at whatever point of a request it does."""

import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.factories import RunFactory
from tests.support.refusing import refusing
from tests.support.trail import check_trail
from workflows.api.outage import OUTAGE
from workflows.models import WorkflowRun

SILENT = {"detail": "The database does not answer; try again in 5 s.", "code": "unavailable"}
REFUSING = "The database refuses this at the moment; try again in 5 s."

on_postgres = pytest.mark.postgres
in_no_transaction = pytest.mark.django_db(transaction=True)


@pytest.fixture
def token_client(alice: User) -> APIClient:
    """Return a client with an API token."""
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(alice)[1]}")
    return client


def refused(answer: Any, code: str = "unavailable") -> str:
    """Return the sentence of a 503 in the shape of all errors."""
    assert answer.status_code == 503, answer.content
    assert int(answer["Retry-After"]) > 0
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body.keys(), body["code"]) == ({"detail", "code", "request_id"}, code)
    return str(body["detail"])


@on_postgres
@in_no_transaction
@pytest.mark.parametrize(
    ("method", "path", "part"),
    [
        ("get", "/workflow-runs/{run}", "knox_authtoken"),  # while it is found out who asks
        ("get", "/workflow-runs/{run}", "auth_user"),
        ("get", "/workflow-runs", "COUNT("),
        ("get", "/workflow-runs/{run}", 'FROM "workflows_workflowrun"'),
        ("get", "/workflow-runs/{run}/explain", "workflows_task"),
        ("get", "/tasks?run_id={run}", "workflows_taskattempt"),
        ("get", "/events", "workflows_event"),
        ("post", "/workflow-runs/{run}/pause", "FOR NO KEY UPDATE"),
        ("post", "/workflow-runs/{run}/pause", "workflows_event"),
        ("post", "/workflow-runs/{run}/dispatch-ready", "workflows_taskattempt"),
        ("post", "/tasks/{task}/hold", "UPDATE"),
        ("delete", "/workflow-templates/{template}", "DELETE"),
        ("post", "/runner/tasks/{task}/status", "workflows_taskattempt"),
    ],
)
def test_refused_statement_is_503_and_nothing_is_stored(
    token_client: APIClient, method: str, path: str, part: str, caplog: pytest.LogCaptureFixture
) -> None:
    run = RunFactory.create(template__drawing="a > b")
    place = path.format(run=run.pk, template=run.template_id, task=run.tasks.get(step_id="a").pk)
    with refusing(part, "25006"):
        answer = getattr(token_client, method)(place)
    detail = refused(answer)
    assert detail == REFUSING
    assert "Traceback" not in caplog.text
    assert WorkflowRun.objects.get().state == "created"
    check_trail(run)
    assert token_client.get("/workflow-runs").status_code == 200


@on_postgres
@in_no_transaction
def test_answer_that_cannot_be_read_says_that_something_may_have_been_stored(
    token_client: APIClient,
) -> None:
    run = RunFactory.create(template__drawing="a")
    with refusing('"workflows_workflowrun"."template_name"', "57P01"):  # reading the answer
        answer = token_client.post(f"/workflow-runs/{run.pk}/pause")
    detail = refused(answer, "outcome_unknown")
    assert detail.startswith(SILENT["detail"])
    assert "may have been done" in detail
    assert WorkflowRun.objects.get().state == "paused"


@on_postgres
@in_no_transaction
@pytest.mark.parametrize("path", ["/workflow-runs", "/admin/workflows/workflowrun/"])
def test_fault_of_ours_stays_a_500_with_its_trace(
    token_client: APIClient, alice: User, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    User.objects.update(is_staff=True)
    token_client.force_login(alice)
    with refusing('FROM "workflows_workflowrun"', "42P01"):
        answer = token_client.get(path)
    assert answer.status_code == 500
    assert any(record.exc_info for record in caplog.records if record.levelno == logging.ERROR)


@on_postgres
@in_no_transaction
@pytest.mark.parametrize(("sqlstate", "is_kept"), [("25006", False), ("57014", True)])
def test_connection_that_became_read_only_is_not_kept_for_the_next_request(
    token_client: APIClient, sqlstate: str, is_kept: bool
) -> None:
    connection.ensure_connection()
    before = connection.connection
    with refusing('FROM "workflows_workflowrun"', sqlstate):
        refused(token_client.get("/workflow-runs"))
    token_client.get("/workflow-runs")
    assert (connection.connection is before) is is_kept


def test_refusals_of_sqlite_are_503(token_client: APIClient) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    run = RunFactory.create(template__drawing="a")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = on")
        try:
            answer = token_client.post(f"/workflow-runs/{run.pk}/pause")
        finally:
            cursor.execute("PRAGMA query_only = off")
    assert refused(answer) == REFUSING


@pytest.mark.django_db
def test_during_an_outage_requests_are_refused_at_once_and_health_is_answered(
    token_client: APIClient, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.api.outage.PAUSE_S", 60.0)
    OUTAGE.begin()
    try:
        with django_assert_num_queries(0):
            answer = token_client.get("/workflow-runs")
            assert answer.json() == {**SILENT, "request_id": answer["X-Request-ID"]}
            page = token_client.get("/admin/")
            assert token_client.get("/healthz").status_code == 200
        assert (page.status_code, page["Retry-After"]) == (503, "5")
    finally:
        OUTAGE.end()


@pytest.mark.django_db
def test_one_request_at_a_time_finds_out_whether_the_outage_is_over(
    token_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.api.outage.PAUSE_S", 0.0)
    OUTAGE.begin()
    assert (OUTAGE.admits(), OUTAGE.admits()) == (True, False)
    OUTAGE.begin()
    assert token_client.get("/workflow-runs").status_code == 200
    assert not OUTAGE.is_on


def test_look_that_asked_nothing_is_repeated_by_the_next_request() -> None:
    OUTAGE.begin()
    OUTAGE.note(is_answered=False, is_look=False)
    assert not OUTAGE.admits()
    OUTAGE.note(is_answered=False, is_look=True)
    assert OUTAGE.admits()
    OUTAGE.end()

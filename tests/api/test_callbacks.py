"""`/runner/tasks/{id}/status`: no body causes a 500."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch, states, trail
from workflows.dispatch.tokens import token_of
from workflows.models import WorkflowRun


@pytest.fixture
def run(runs: DrawRun, script: Script) -> WorkflowRun:
    made = runs("a")
    dispatch(made)
    return made


def send(run: WorkflowRun, body: Any, *, token: str | None = None, **more: Any) -> Any:
    """Report on `a`, by default with its token; bytes are sent as they are."""
    sent = attempt(run, "a")
    return Client(raise_request_exception=False).post(
        f"/runner/tasks/{sent.task_id}/status",
        body if isinstance(body, bytes) else json.dumps(body),
        content_type=more.pop("content_type", "application/json"),
        headers={"X-Runner-Token": token_of(sent.pk) if token is None else token},
        **more,
    )


def test_host_is_told_which_statuses_there_are_and_where_its_token_belongs(
    run: WorkflowRun,
) -> None:
    wrong, missing = send(run, {"status": "done"}), send(run, {"status": "success"}, token="")

    assert wrong.status_code == 400
    choices = "running, success, failed, canceled"
    assert wrong.json()["status"] == [f'"done" is not a valid choice; choose one of: {choices}.']
    assert missing.status_code == 401
    assert "send the one that came with the task in the header X-Runner-Token" in str(
        missing.json()
    )
    assert states(run) == {"a": "dispatched"}


def test_callback_authenticates_by_its_token_alone(run: WorkflowRun) -> None:
    answer = send(run, {"status": "success"})

    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert states(run) == {"a": "success"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"success"',
        b"\xff\xfe",
        b'{"status": NaN}',
        {},
        {"status": None},
        {"status": "queued"},
        {"status": ["success"]},
        {"status": "success\0"},
    ],
)
def test_callback_without_a_valid_status_is_a_400(run: WorkflowRun, body: Any) -> None:
    answer = send(run, body)

    assert answer.status_code == 400
    assert {*answer.json()} <= {"status", "detail", "code"}
    assert states(run) == {"a": "dispatched"}


@pytest.mark.parametrize(
    "odd",
    [
        b'"message": "\\u0000\\ud800"',
        b'"stdout": "a\\u0000b", "stderr": "\\udfff"',
        b'"result": {"\\u0000": "\\ud800"}',
        b'"result": ' + b"[" * 600 + b"]" * 600,
        b'"result": ' + b"[" * 100_000 + b"]" * 100_000,
        b'"stdout": "\xff"',
        b'"result": 1' + b"0" * 4_000,
        b'"result": 1e999',
        b'"exit_code": 1' + b"0" * 4_000,
        b'"exit_code": true, "message": {}, "stdout": []',
        b'"\\u0000\\ud800": "\\u0000", "extra": ' + b"[" * 600 + b"]" * 600,
        b'"status": "failed", "status": "success"',
    ],
)
def test_callback_with_unstorable_fields_applies_its_status(run: WorkflowRun, odd: bytes) -> None:
    answer = send(run, b'{"status": "success", ' + odd + b"}")

    assert answer.status_code == 200
    assert states(run) == {"a": "success"}


def test_limit_of_other_requests_does_not_apply(run: WorkflowRun, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000

    answer = send(run, {"status": "success", "stdout": "x" * 1_000})

    assert (answer.status_code, states(run)) == (200, {"a": "success"})


def test_callback_that_is_not_json_is_a_415(run: WorkflowRun) -> None:
    answer = send(run, b"status=success", content_type="application/x-www-form-urlencoded")

    assert (answer.status_code, states(run)) == (415, {"a": "dispatched"})


@pytest.mark.parametrize("token", ["", "forged", "x" * 5_000, "\xff\xfe", "Token abc"])
def test_wrong_token_changes_nothing_and_records_one_event(run: WorkflowRun, token: str) -> None:
    answer = send(run, {"status": "success"}, token=token)

    assert (answer.status_code, answer.json()["code"]) == (401, "token_refused")
    assert states(run) == {"a": "dispatched"}
    assert trail(run)[-1] == "task.report_refused a"
    assert trail(run).count("task.report_refused a") == 1


def test_token_of_another_task_is_a_401(run: WorkflowRun, runs: DrawRun) -> None:
    other = runs("a")
    dispatch(other)

    answer = send(run, {"status": "success"}, token=token_of(attempt(other, "a").pk))

    assert (answer.status_code, states(run)) == (401, {"a": "dispatched"})


def test_session_login_does_not_replace_the_token(run: WorkflowRun, alice: Any) -> None:
    client = Client()
    client.force_login(alice)

    answer = client.post(
        f"/runner/tasks/{attempt(run, 'a').task_id}/status",
        {"status": "success"},
        content_type="application/json",
    )

    assert (answer.status_code, states(run)) == (401, {"a": "dispatched"})


@pytest.mark.parametrize("pk", [987654321, 10**30])
def test_an_unknown_task_is_a_401_as_a_wrong_token_is(run: WorkflowRun, pk: int) -> None:
    answer = Client().post(
        f"/runner/tasks/{pk}/status", {"status": "success"}, content_type="application/json"
    )

    assert (answer.status_code, answer.json()["code"]) == (401, "token_refused")


def test_report_of_an_impossible_transition_is_a_409(run: WorkflowRun) -> None:
    send(run, {"status": "success"})

    answer = send(run, {"status": "failed"})

    assert (answer.status_code, answer.json()["code"]) == (409, "report_refused")
    assert states(run) == {"a": "success"}


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_callbacks_accept_only_post(run: WorkflowRun, method: str) -> None:
    path = f"/runner/tasks/{attempt(run, 'a').task_id}/status"

    assert getattr(Client(), method)(path).status_code == 405

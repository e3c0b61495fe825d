"""A run that somebody keeps locked: its requests are 503 in time, and no other ones wait."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from tests.factories import RunFactory, TemplateFactory
from workflows.api import watch
from workflows.models import Event, WorkflowRun

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for tenths of seconds instead of seconds."""
    monkeypatch.setattr(watch, "LOCK_S", 0.3)
    monkeypatch.setattr(watch, "ANSWER_S", 0.5)


@contextmanager
def locked(table: str, pk: int) -> Iterator[None]:
    """Keep a row locked by somebody else."""
    connection.ensure_connection()
    with psycopg.connect(connection.connection.info.dsn) as other:
        other.execute(f"SELECT * FROM {table} WHERE id = %s FOR UPDATE", [pk])
        yield
        other.rollback()


@pytest.mark.parametrize(
    "path",
    [
        "/workflow-runs/{run}/pause",
        "/workflow-runs/{run}/abort",
        "/workflow-runs/{run}/cancel-rest",
        "/workflow-runs/{run}/dispatch-ready",
        "/tasks/{task}/cancel",
        "/tasks/{task}/hold",
        "/tasks/{task}/retry",
        "/tasks/{task}/retry-downstream",
        "/approvals/{approval}/approve",
        "/approvals/{approval}/reject",
    ],
)
def test_request_about_a_locked_run_is_busy_and_changes_nothing(api: APIClient, path: str) -> None:
    run = RunFactory.create(template__drawing="a > b", template__requires_approval=True)
    task = run.tasks.get(step_id="a")
    approval = task.approvals.get().pk
    events = Event.objects.count()
    with locked("workflows_workflowrun", run.pk):
        answer = api.post(path.format(run=run.pk, task=task.pk, approval=approval))
        assert api.get(f"/workflow-runs/{run.pk}").status_code == 200
        assert api.get("/tasks").status_code == 200
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    text = f"workflow run {run.pk} is busy; try again"
    said = {"detail": text, "code": "busy", "request_id": answer["X-Request-ID"]}
    assert answer.json() == said
    assert (WorkflowRun.objects.get().state, Event.objects.count()) == ("created", events)


def test_request_about_another_run_does_not_wait(api: APIClient) -> None:
    one, two = RunFactory.create_batch(2, template__drawing="a")
    with locked("workflows_workflowrun", one.pk):
        assert api.post(f"/workflow-runs/{two.pk}/pause").status_code == 200


@pytest.mark.parametrize("method", ["put", "post"])
def test_locked_template_is_busy(api: APIClient, method: str) -> None:
    template = TemplateFactory.create(drawing="a")
    body = {"name": "x", "steps": [{"step_id": "b", "title": "b"}]}
    with locked("workflows_workflowtemplate", template.pk):
        if method == "put":
            answer = api.put(f"/workflow-templates/{template.pk}", body)
        else:
            answer = api.post("/workflow-runs", {"workflow_template_id": template.pk})
    text = f"workflow template {template.pk} is busy; try again"
    assert (answer.status_code, answer.json()["detail"]) == (503, text)
    assert not WorkflowRun.objects.exists()


def test_locked_approval_is_waited_for_no_longer_than_any_answer(api: APIClient) -> None:
    RunFactory.create(template__drawing="a", template__requires_approval=True)
    [approval] = api.get("/approvals").json()["results"]
    with locked("workflows_approval", approval["id"]):
        answer = api.post(f"/approvals/{approval['id']}/approve")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert api.get(f"/approvals/{approval['id']}").json()["status"] == "pending"


def test_table_that_is_locked_as_a_whole_does_not_hold_readers_for_long(api: APIClient) -> None:
    connection.ensure_connection()
    with psycopg.connect(connection.connection.info.dsn) as other:
        other.execute("LOCK TABLE workflows_workflowrun")
        answer = api.get("/workflow-runs")
        other.rollback()
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")


def test_admin_says_which_of_many_runs_are_busy_and_does_the_others(
    admin_client: Client,
) -> None:
    one, two = RunFactory.create_batch(2, template__drawing="a")
    action = {
        "action": "pause",
        "_selected_action": [one.pk, two.pk],
        "confirmed": "",
        "reason": "",
    }
    with locked("workflows_workflowrun", one.pk):
        answer = admin_client.post("/admin/workflows/workflowrun/", action, follow=True)
    assert f"workflow run {one.pk} is busy; try again" in answer.content.decode()
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, two.state) == ("created", "paused")


def test_admin_does_not_try_hundreds_of_tasks_of_a_locked_run(admin_client: Client) -> None:
    run = RunFactory.create(template__drawing=", ".join(f"s{n}" for n in range(60)))
    tasks = list(run.tasks.values_list("pk", flat=True))
    action = {"action": "cancel", "_selected_action": tasks, "confirmed": "", "reason": ""}
    began = time.monotonic()
    with locked("workflows_workflowrun", run.pk):
        answer = admin_client.post("/admin/workflows/task/", action, follow=True)
    assert "was not tried" in answer.content.decode()
    assert time.monotonic() - began < 60 * 0.3

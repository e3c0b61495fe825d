"""`/tasks`: create without a run, read with attempts, control."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from runners.models import Runner
from tests.api.conftest import ids
from tests.factories import TaskFactory
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import (
    attempt,
    dispatch,
    dispatch_some,
    events,
    finish,
    start,
    state,
    states,
    task,
    trail,
    walk,
)
from workflows.models import Event, Task


def test_task_without_a_run_is_created_with_an_event(api: APIClient, local: Runner) -> None:
    payload = {"command": ["true"]}
    body = {"title": "Dump", "runner": "local", "payload": payload, "timeout_seconds": 5}

    answer = api.post("/tasks", {**body, "requires_approval": False})

    assert answer.status_code == 201
    created = answer.json()
    assert created == api.get(f"/tasks/{created['id']}").json()
    assert body == {name: created[name] for name in body}
    assert (created["run_id"], created["step_id"], created["status"]) == (None, None, "pending")
    event = Event.objects.get()
    assert (event.event_type, event.task_id, event.actor) == (
        "task.created",
        created["id"],
        "alice",
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": " "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"title": "x", "runner": "nobody"}, "runner"),
        ({"title": "x", "payload": []}, "payload"),
        ({"title": "x", "payload": {"command": "true"}}, "payload"),
        ({"title": "x", "payload": {"command": ["{{ x"]}}, "payload"),
        ({"title": "x", "timeout_seconds": 0}, "timeout_seconds"),
        ({"title": "x", "timeout_seconds": 10**30}, "timeout_seconds"),
        ({"title": "x", "timeout_seconds": "60"}, "timeout_seconds"),
        ({"title": "x", "requires_approval": "yes"}, "requires_approval"),
        ({"title": "x", "step_id": "a"}, "step_id"),
    ],
)
def test_a_wrong_task_is_refused_by_field(api: APIClient, body: dict[str, Any], field: str) -> None:
    answer = api.post("/tasks", body)

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not Task.objects.exists()


def test_task_shows_its_attempts_and_the_outcome_of_the_last(api: APIClient, runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    start(run, "a")
    finish(run, "a", "failed", exit_code=3, message="no space", result={"rows": 0})
    last = attempt(run, "a")

    answer = api.get(f"/tasks/{last.task_id}").json()

    reported = (answer["status"], answer["exit_code"], answer["result"], answer["message"])
    assert reported == ("failed", 3, {"rows": 0}, "no space")
    assert (answer["attempt_count"], answer["run_id"]) == (1, run.pk)
    assert answer["started_at"] < answer["finished_at"]
    (only,) = answer["attempts"]
    assert not [name for name in only if "token" in name]
    assert (only["id"], only["number"], only["status"]) == (str(last.pk), 1, "failed")
    assert only["runner_payload"] == last.payload
    assert (only["runner"], only["runner_kind"], only["exit_code"]) == ("local", "local", 3)
    below = api.get(f"/tasks/{task(run, 'b').pk}").json()
    assert below["depends_on"] == [last.task_id]


def test_retried_task_is_pending_and_keeps_its_old_attempts(api: APIClient, runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a", "failed", exit_code=3, message="no space")

    answer = api.post(f"/tasks/{task(run, 'a').pk}/retry", {"reason": "disk is empty now"})

    assert answer.status_code == 200
    fields = ("status", "exit_code", "result", "message", "finished_at")
    assert [answer.json()[name] for name in fields] == ["pending", None, None, "", None]
    assert [kept["exit_code"] for kept in answer.json()["attempts"]] == [3]
    retried = events(run)[-2]
    assert (retried.event_type, retried.actor, retried.reason) == (
        "task.retried",
        "alice",
        "disk is empty now",
    )
    assert state(run) == "running"


def test_operators_note_precedes_the_runners_message(api: APIClient, runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a", "failed", message="no space")

    answer = api.post(f"/tasks/{task(run, 'a').pk}/mark-success", {"reason": "done by hand"}).json()

    assert (answer["status"], answer["is_marked_success"]) == ("success", True)
    assert (answer["message"], answer["attempts"][0]["message"]) == ("done by hand", "no space")
    assert trail(run)[-2:] == ["workflow_run.running", "workflow_run.succeeded"]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}])
def test_marking_success_needs_a_reason(
    api: APIClient, runs: DrawRun, body: dict[str, str]
) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a", "failed")

    answer = api.post(f"/tasks/{task(run, 'a').pk}/mark-success", body)

    assert answer.status_code == 400
    assert answer.json() == {"reason": ["Say why this task counts as done."]}
    assert task(run, "a").state == "failed"


def test_canceling_a_running_task_requests_cancellation(api: APIClient, runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch_some(run, 1)
    start(run, "a")

    running = api.post(f"/tasks/{task(run, 'a').pk}/cancel", {"reason": "wrong day"}).json()
    waiting = api.post(f"/tasks/{task(run, 'b').pk}/cancel").json()

    assert (running["status"], running["message"]) == ("running", "wrong day")
    assert running["cancel_requested_at"]
    assert (waiting["status"], waiting["cancel_requested_at"]) == ("canceled", None)
    assert waiting["finished_at"]
    assert trail(run)[-2:] == ["task.cancel_requested a", "task.canceled b"]


@pytest.mark.parametrize("verb", ["cancel", "retry", "mark-success"])
def test_operation_that_the_state_does_not_allow_is_a_409(
    api: APIClient, runs: DrawRun, verb: str
) -> None:
    run = runs("a")
    dispatch(run)
    finish(run, "a")
    done = task(run, "a")

    answer = api.post(f"/tasks/{done.pk}/{verb}", {"reason": "because"})

    detail = f"task {done.pk} is success"
    assert (answer.status_code, answer.json()) == (409, {"detail": detail, "code": "conflict"})


def test_retry_downstream_dry_run_lists_what_it_would_reset(api: APIClient, runs: DrawRun) -> None:
    run = runs("a > b > c")
    walk(run, "a", "b")
    path = f"/tasks/{task(run, 'a').pk}/retry-downstream"

    foreseen = api.post(path, {"dry_run": True}).json()
    kept = states(run)
    done = api.post(path, {"reason": "bad input"}).json()

    resets = [
        {"task_id": task(run, step).pk, "step_id": step, "title": step, "status": "success"}
        for step in ("a", "b")
    ]
    assert foreseen == {
        "task_id": task(run, "a").pk,
        "dry_run": True,
        "resets": resets,
        "asks_again": [],
    }
    assert kept == {"a": "success", "b": "success", "c": "pending"}
    assert done == {**foreseen, "dry_run": False}
    assert states(run) == dict.fromkeys("abc", "pending")
    assert trail(run)[-2:] == ["task.retried a", "task.retried b"]


def test_retry_downstream_of_an_unfinished_task_is_a_409(api: APIClient, runs: DrawRun) -> None:
    waiting = task(runs("a"), "a")
    answer = api.post(f"/tasks/{waiting.pk}/retry-downstream")
    assert (answer.status_code, answer.json()["detail"]) == (409, f"task {waiting.pk} is pending")


@pytest.mark.parametrize("pk", [7, 10**18, 10**19])
def test_an_unknown_task_is_a_404(api: APIClient, pk: int) -> None:
    for verb in ("cancel", "retry", "mark-success"):
        answer = api.post(f"/tasks/{pk}/{verb}", {"reason": "because"})
        assert (answer.status_code, answer.json()["detail"]) == (404, f"task {pk} not found")
    for path in (f"/tasks/{pk}", f"/tasks/{pk}/log"):
        assert api.get(path).status_code == 404


def test_task_refused_by_its_runner_is_pending_with_the_reason(
    api: APIClient, runs: DrawRun, script: Script
) -> None:
    run = runs("a")
    script.refuse("a", "no disk space")
    dispatch(run)

    answer = api.get(f"/tasks/{task(run, 'a').pk}").json()

    assert (answer["status"], answer["attempts"][0]["status"]) == ("pending", "refused")
    assert "no disk space" in answer["message"]


def test_tasks_are_filtered_by_run_status_and_step(api: APIClient, runs: DrawRun) -> None:
    run, other = runs("b > a"), runs("a")
    alone = TaskFactory.create()
    dispatch(run)
    b, a = task(run, "b").pk, task(run, "a").pk

    def found(query: str) -> list[int]:
        return ids(api.get(f"/tasks?{query}"))

    assert found(f"run_id={run.pk}") == [b, a]
    assert found("status=dispatched") == [b]
    assert found("step_id=a") == [a, task(other, "a").pk]
    assert found("step_id=A") == []
    assert alone.pk in found("")
    assert found(f"run_id={2**63 - 1}") == []

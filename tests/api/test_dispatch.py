"""`POST /workflow-runs/{id}/dispatch-ready`."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from runners.models import Runner
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, finish, states, task, trail
from workflows.models import TaskAttempt, WorkflowRun


def dispatch(api: APIClient, run: WorkflowRun, **body: Any) -> dict[str, Any]:
    answer = api.post(f"/workflow-runs/{run.pk}/dispatch-ready", body)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_one_task_is_dispatched_with_its_payload(
    api: APIClient, runs: DrawRun, local: Runner
) -> None:
    run = runs("a > b", payload={"command": ["echo", "{{ params.x }}"]}, parameters={"x": 1})

    answer = dispatch(api, run)

    sent = attempt(run, "a")
    assert answer == {
        "run_id": run.pk,
        "dispatched": True,
        "task_id": sent.task_id,
        "reason": None,
        "dispatch": {
            "task_id": sent.task_id,
            "attempt_id": str(sent.pk),
            "runner_payload": sent.payload,
            "runner_submission": {
                "submitted": True,
                "runner": "local",
                "runner_url": None,
                "runner_task_status": "queued",
                "message": answer["dispatch"]["runner_submission"]["message"],
            },
        },
    }
    assert sent.payload["command"] == ["echo", 1]
    assert trail(run) == ["workflow_run.running", "task.dispatched a"]


def test_nothing_ready_returns_the_reason_and_the_blocked_tasks(
    api: APIClient, runs: DrawRun
) -> None:
    run = runs("a > b")
    dispatch(api, run)
    finish(run, "a", "failed", message="full")

    answer = dispatch(api, run)

    a, b = task(run, "a"), task(run, "b")
    cause = {"task_id": a.pk, "step_id": "a", "title": "a", "status": "failed", "reason": "full"}
    reason = "dependencies not satisfied"
    blocked = {
        "task_id": b.pk,
        "step_id": "b",
        "reason": reason,
        "root_causes": [cause],
        "more_root_causes": False,
        "note": "",
        "resume_at": None,
    }
    assert answer == {
        "run_id": run.pk,
        "dispatched": False,
        "task_id": None,
        "reason": reason,
        "dispatch": None,
        "blocked": [blocked],
    }


def test_runner_that_refuses_is_not_a_dispatch(
    api: APIClient, runs: DrawRun, script: Script
) -> None:
    run = runs("a")
    script.refuse("a", "no disk space")

    answer = dispatch(api, run)

    assert (answer["dispatched"], answer["dispatch"]) == (False, None)
    assert answer["reason"].startswith("runner refused: ")
    assert "no disk space" in answer["reason"]
    assert api.get(f"/tasks/{task(run, 'a').pk}").json()["status"] == "pending"


@pytest.mark.parametrize(("limit", "expected"), [(2, ["a", "b"]), ("all", ["a", "b", "c"])])
def test_many_tasks_are_dispatched_in_list_order(
    api: APIClient, runs: DrawRun, limit: Any, expected: list[str]
) -> None:
    run = runs("a, b, c")

    answer = dispatch(api, run, limit=limit)

    sent = [entry["task_id"] for entry in answer["dispatches"]]
    assert sent == [task(run, step_id).pk for step_id in expected]
    assert (answer["dispatch"], answer["task_id"]) == (answer["dispatches"][0], sent[0])


def test_dry_run_returns_the_same_and_writes_nothing(api: APIClient, runs: DrawRun) -> None:
    run = runs("a > b")

    foreseen = dispatch(api, run, dry_run=True)

    assert states(run) == {"a": "pending", "b": "pending"}
    assert (trail(run), TaskAttempt.objects.count()) == ([], 0)
    real = dispatch(api, run)
    assert (foreseen["dispatched"], foreseen["task_id"]) == (True, real["task_id"])
    assert foreseen["dispatch"]["attempt_id"] is None


@pytest.mark.parametrize("limit", [0, -1, 10_001, 10**30, 1.0, True, "1", "ALL", None, [], {}])
def test_a_wrong_limit_is_refused(api: APIClient, runs: DrawRun, limit: Any) -> None:
    run = runs("a")

    answer = api.post(f"/workflow-runs/{run.pk}/dispatch-ready", {"limit": limit})

    assert answer.status_code == 400
    assert list(answer.json()) == ["limit"]
    assert states(run) == {"a": "pending"}


def test_a_paused_run_dispatches_nothing(api: APIClient, runs: DrawRun) -> None:
    run = runs("a")
    api.post(f"/workflow-runs/{run.pk}/pause")

    answer = api.post(f"/workflow-runs/{run.pk}/dispatch-ready", {})

    detail = f"workflow run {run.pk} is paused"
    assert answer.status_code == 409
    assert answer.json() == {"detail": detail, "code": "run_not_dispatchable"}

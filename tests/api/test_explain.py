"""`/workflow-runs/{id}/explain`."""

from typing import Any

from rest_framework.test import APIClient

from tests.operations.test_approvals import gated
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch, finish, task
from workflows.models import Event, Task


def test_explain_returns_sentences_and_data(api: APIClient, runs: DrawRun) -> None:
    run = runs("build > test > deploy")
    dispatch(run)
    finish(run, "build", "failed", exit_code=2, message="exit code 2")

    answer = api.get(f"/workflow-runs/{run.pk}/explain")

    build, test, deploy = (task(run, step_id) for step_id in ("build", "test", "deploy"))
    cause = _as_cause(build, status="failed", reason="exit code 2")
    common = {
        "reason": "dependencies not satisfied",
        "root_causes": [cause],
        "more_root_causes": False,
        "note": "",
        "resume_at": None,
        "sentence": "Cannot start: `build` failed (exit code 2).",
    }
    waiting = _as_cause(test, status="pending", reason="")
    counts = {"root_cause_count": 1, "blocked": 2, "more_blocked": False}
    assert answer.status_code == 200
    assert answer.json() == {
        "run_id": run.pk,
        "status": "failed",
        "sentence": (
            "`build` failed (exit code 2), and 2 tasks wait for it. "
            "Retry, mark success, or cancel the rest."
        ),
        "deadlock": {**counts, "root_causes": [cause]},
        "set_aside": "",
        "blocked": [
            {"task_id": test.pk, "step_id": "test", **common, "waits_for": [cause]},
            {"task_id": deploy.pk, "step_id": "deploy", **common, "waits_for": [waiting]},
        ],
    }


def _as_cause(task: Task, *, status: str, reason: str) -> dict[str, Any]:
    return {
        "task_id": task.pk,
        "step_id": task.step_id,
        "title": task.title,
        "status": status,
        "reason": reason,
    }


def test_explain_writes_nothing(api: APIClient) -> None:
    run = gated("a > b", "a")
    before = Event.objects.count()

    answer = api.get(f"/workflow-runs/{run.pk}/explain").json()

    sentences = {entry["step_id"]: entry["sentence"] for entry in answer["blocked"]}
    assert sentences == {
        "a": "Waits for somebody to approve it.",
        "b": "Cannot start: `a` waits for approval.",
    }
    assert Event.objects.count() == before


def test_an_unknown_run_is_a_404(api: APIClient) -> None:
    answer = api.get("/workflow-runs/987654321/explain")

    detail = "workflow run 987654321 not found"
    assert (answer.status_code, answer.json()["detail"]) == (404, detail)

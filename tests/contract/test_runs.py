"""Creating runs, refused calls, and edits that leave runs unchanged."""

from typing import Any

import pytest

from tests.contract.site import Site
from tests.support.drawing import steps_of


def make_tasks(site: Site, *titles: str) -> list[int]:
    return [int(site.post("/tasks", title=title)["id"]) for title in titles]


def test_run_of_existing_tasks_keeps_their_order_and_expands_nothing(site: Site) -> None:
    label = site.make_template(steps_of("x > y"))
    first, second = make_tasks(site, "first", "second")

    run = site.post("/workflow-runs", workflow_template_id=label, task_ids=[second, first])

    assert (run["task_ids"], run["workflow_template_id"]) == ([second, first], label)
    sent = site.post(f"/workflow-runs/{run['id']}/dispatch-ready", limit="all")
    assert [entry["task_id"] for entry in sent["dispatches"]] == [second, first]
    assert [body["prompt"] for body in site.host.submissions] == ["second", "first"]


def test_task_in_a_run_is_refused_by_another_run(site: Site) -> None:
    taken, free = make_tasks(site, "taken", "free")
    run = site.post("/workflow-runs", task_ids=[taken])

    answer = site.http.post("/workflow-runs", json={"task_ids": [free, taken]})

    detail = f"task {taken} is already in workflow run {run['id']}"
    assert (answer.status_code, answer.json()["detail"]) == (409, detail)
    assert site.get(f"/tasks/{free}")["run_id"] is None


UNKNOWN_ID = 987_654_321
REFUSED = {
    "neither template nor tasks": ("/workflow-runs", {}, 400),
    "an empty list of tasks": ("/workflow-runs", {"task_ids": []}, 400),
    "an unknown template": ("/workflow-runs", {"workflow_template_id": UNKNOWN_ID}, 404),
    "an unknown task": ("/workflow-runs", {"task_ids": [UNKNOWN_ID]}, 404),
    "parameters that are no object": ("/workflow-runs", {"parameters": [1]}, 400),
    "an unknown field": ("/workflow-runs", {"template": 1}, 400),
    "dispatch of an unknown run": (f"/workflow-runs/{UNKNOWN_ID}/dispatch-ready", {}, 404),
    "pause of an unknown run": (f"/workflow-runs/{UNKNOWN_ID}/pause", {}, 404),
    "cancel of an unknown task": (f"/tasks/{UNKNOWN_ID}/cancel", {}, 404),
    "approval of nothing": (f"/approvals/{UNKNOWN_ID}/approve", {}, 404),
    "a report on an unknown task": (
        f"/runner/tasks/{UNKNOWN_ID}/status",
        {"status": "success"},
        401,
    ),
    "an unknown path": ("/workflow-runs/1/explode", {}, 404),
}


@pytest.mark.parametrize(("path", "body", "status"), REFUSED.values(), ids=REFUSED)
def test_refused_call_creates_nothing(
    site: Site, path: str, body: dict[str, Any], status: int
) -> None:
    counts = [site.get(name)["count"] for name in ("/workflow-runs", "/tasks", "/events")]

    answer = site.http.post(path, json=body)

    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert counts == [site.get(name)["count"] for name in ("/workflow-runs", "/tasks", "/events")]


def test_editing_or_deleting_a_template_keeps_its_runs(site: Site) -> None:
    template = site.make_template(steps_of("a > b"))
    run = site.post("/workflow-runs", workflow_template_id=template)
    edited = {"name": "edited", "steps": steps_of("b > a, c")}
    assert site.http.put(f"/workflow-templates/{template}", json=edited).status_code == 200
    graph = site.get(f"/workflow-runs/{run['id']}/graph")

    assert site.http.delete(f"/workflow-templates/{template}").status_code == 204

    assert site.get(f"/workflow-runs/{run['id']}/graph") == graph
    assert [node["step_id"] for node in graph["nodes"]] == ["a", "b"]
    assert site.get(f"/workflow-runs/{run['id']}")["workflow_template_id"] is None


@pytest.mark.parametrize("path", ["/workflow-runs", "/tasks", "/approvals", "/events", "/runners"])
def test_request_without_token_is_401(site: Site, path: str) -> None:
    address = str(site.http.base_url).removesuffix("/") + path
    assert site.outside.get(address).status_code == 401


def test_answer_shows_the_submitted_payload_without_its_token(site: Site) -> None:
    steps = [{"step_id": "a", "title": "Ask", "payload": {"prompt": "do {{ params.what }}"}}]
    template = site.make_template(steps)
    run = site.post("/workflow-runs", workflow_template_id=template, parameters={"what": "it"})

    dispatch = site.post(f"/workflow-runs/{run['id']}/dispatch-ready")["dispatch"]

    (handed,) = site.host.submissions
    token = handed.pop("status_callback_token")
    assert dispatch["runner_payload"] == handed
    assert handed["prompt"] == "do it"
    assert handed["idempotency_key"] == dispatch["attempt_id"]
    assert dispatch["runner_submission"] == {
        "submitted": True,
        "runner": "host",
        "runner_url": site.host.url,
        "runner_task_status": "queued",
        "message": "accepted by host",
    }
    shown = [
        site.http.get(path).text
        for path in ("/events", "/runners", f"/tasks/{dispatch['task_id']}")
    ]
    assert not [text for text in shown if token in text]


def test_callback_output_and_result_are_stored(site: Site) -> None:
    (task,) = make_tasks(site, "print")
    run = site.post("/workflow-runs", task_ids=[task])
    site.post(f"/workflow-runs/{run['id']}/dispatch-ready")
    (handed,) = site.host.submissions
    said = {"status": "success", "exit_code": 0, "stdout": "hello\n", "result": {"rows": 3}}

    answer = site.outside.post(
        handed["status_callback_url"],
        json=said,
        headers={"X-Runner-Token": handed["status_callback_token"]},
    )

    assert answer.status_code == 200
    shown = site.get(f"/tasks/{task}")
    assert (shown["status"], shown["exit_code"], shown["result"]) == ("success", 0, {"rows": 3})
    assert site.get(f"/tasks/{task}/log")["text"] == "hello\n"

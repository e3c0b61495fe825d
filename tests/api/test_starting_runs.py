"""`/workflow-runs`: a run with auto-dispatch begins at once; it can be switched on and off."""

import pytest
from rest_framework.test import APIClient

from runners.models import Runner
from tests.factories import TemplateFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, states, task, trail


@pytest.mark.django_db(transaction=True)
def test_posted_run_with_auto_dispatch_is_running_in_the_answer(
    api: APIClient, local: Runner
) -> None:
    template = TemplateFactory.create(drawing="a > b")
    body = {"workflow_template_id": template.pk, "auto_dispatch": True}

    answer = api.post("/workflow-runs", body)

    assert answer.status_code == 201
    shown = api.get(f"/workflow-runs/{answer.json()['id']}").json()
    assert answer.json() == {**shown, "warnings": []}
    assert (answer.json()["status"], answer.json()["task_counts"]["dispatched"]) == ("running", 1)


def test_auto_dispatch_is_switched_on_and_off(api: APIClient, runs: DrawRun) -> None:
    run = runs("a > b > c")
    path = f"/workflow-runs/{run.pk}"

    on = api.patch(path, {"auto_dispatch": True, "reason": "go"})
    assert (on.status_code, on.json()["auto_dispatch"], on.json()["status"]) == (
        200,
        True,
        "running",
    )
    finish(run, "a")
    off = api.patch(path, {"auto_dispatch": False})
    assert off.json()["auto_dispatch"] is False
    finish(run, "b")
    assert states(run) == {"a": "success", "b": "success", "c": "pending"}
    assert trail(run).count("workflow_run.auto_dispatch_set") == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "auto_dispatch"),
        ({"auto_dispatch": "yes"}, "auto_dispatch"),
        ({"status": "x"}, "status"),
    ],
)
def test_wrong_change_names_its_field(
    api: APIClient, runs: DrawRun, body: dict[str, object], field: str
) -> None:
    answer = api.patch(f"/workflow-runs/{runs('a').pk}", body)
    assert answer.status_code == 400
    assert field in answer.json()


def test_aborted_run_is_not_changed(api: APIClient, runs: DrawRun) -> None:
    run = runs("a")
    api.post(f"/workflow-runs/{run.pk}/abort", {})
    answer = api.patch(f"/workflow-runs/{run.pk}", {"auto_dispatch": True})
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        f"workflow run {run.pk} is aborted",
    )


def test_failed_tasks_are_retried_at_once_or_by_name(api: APIClient, runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch_all(run)
    finish(run, "a", "failed")
    finish(run, "b", "failed")
    path = f"/workflow-runs/{run.pk}/retry"

    answer = api.post(path, {"step_ids": ["a"], "reason": "again"})
    assert (answer.status_code, answer.json()["status"]) == (200, "running")
    assert answer.json()["task_counts"]["pending"] == 1
    bodies = [({"task_ids": []}, "task_ids"), ({"step_ids": ["x"]}, "step_ids"), ({"x": 1}, "x")]
    for body, field in bodies:
        refused = api.post(path, body)
        assert (refused.status_code, list(refused.json())) == (400, [field])


def test_one_named_task_is_dispatched(api: APIClient, runs: DrawRun) -> None:
    run = runs("a, b > c")
    path, b, c = f"/workflow-runs/{run.pk}/dispatch-ready", task(run, "b").pk, task(run, "c").pk

    assert api.post(path, {"task_id": b}).json()["task_id"] == b
    refused = api.post(path, {"task_id": c}).json()
    assert (refused["dispatched"], refused["reason"]) == (False, "dependencies not satisfied")
    assert [each["task_id"] for each in refused["blocked"]] == [c]
    assert api.post(path, {"task_id": 987654}).status_code == 404
    assert list(api.post(path, {"task_id": b, "limit": "all"}).json()) == ["limit"]


def test_run_is_repeated_by_its_number(api: APIClient, runs: DrawRun) -> None:
    run = runs("a > b", parameters={"day": 1, "copies": 2})

    answer = api.post("/workflow-runs", {"again_of": run.pk, "parameters": {"day": 3}})

    assert answer.status_code == 201
    again = answer.json()
    assert (again["again_of"], again["trigger"]) == (run.pk, None)
    assert again["parameters"] == {"day": 3, "copies": 2}
    assert again["workflow_template_id"] == run.template_id
    assert api.post("/workflow-runs", {"again_of": run.pk, "version": "latest"}).status_code == 201


def test_what_the_latest_version_excludes_is_left_out_with_a_warning(
    api: APIClient, runs: DrawRun
) -> None:
    run = runs("a", parameters={"day": 1, "copies": 2})
    schema = {"properties": {"day": {}}, "additionalProperties": False}
    api.put(f"/workflow-templates/{run.template_id}", {"parameters_schema": schema})

    again = api.post("/workflow-runs", {"again_of": run.pk, "version": "latest"}).json()

    assert again["parameters"] == {"day": 1}
    left_out = (
        f"Parameters of run {run.pk} are left out, because this version does not take them or "
        "would show what was secret: `copies`."
    )
    assert again["warnings"] == [left_out]
    assert "warnings" not in api.get(f"/workflow-runs/{again['id']}").json()


def test_run_without_a_default_runner_is_created_with_a_warning(
    api: APIClient, local: Runner, runs: DrawRun
) -> None:
    api.patch(f"/runners/{local.pk}", {"is_default": False})
    wide = TemplateFactory.create(drawing="a, b, c, d")
    named = TemplateFactory.create(drawing="a", runner="local")
    alone = api.post("/tasks", {"title": "alone"}).json()["id"]

    answers = [
        api.post("/workflow-runs", {"workflow_template_id": wide.pk, "auto_dispatch": True}),
        api.post("/workflow-runs", {"task_ids": [alone]}),
        api.post("/workflow-runs", {"workflow_template_id": named.pk}),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    remedy = "Make a runner the default one: until then, nothing of that is dispatched."
    assert [answer.json()["warnings"] for answer in answers] == [
        [f"There is no default runner for `a`, `b`, `c` and more. {remedy}"],
        [f"There is no default runner for `alone`. {remedy}"],
        [],
    ]
    api.patch(f"/runners/{local.pk}", {"is_default": True})
    again = api.post("/workflow-runs", {"workflow_template_id": wide.pk})
    assert again.json()["warnings"] == []


def test_wrong_repetition_names_its_field(api: APIClient, runs: DrawRun) -> None:
    run = runs("a")
    for body, status, field in (
        ({"again_of": run.pk, "version": "newest"}, 400, "version"),
        ({"workflow_template_id": run.template_id, "version": "same"}, 400, "version"),
        (
            {"again_of": run.pk, "workflow_template_id": run.template_id},
            400,
            "workflow_template_id",
        ),
        ({"again_of": "7"}, 400, "again_of"),
        ({"again_of": 987654}, 404, "detail"),
    ):
        answer = api.post("/workflow-runs", body)
        assert (answer.status_code, next(iter(answer.json()))) == (status, field)

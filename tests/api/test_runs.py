"""`/workflow-runs`: create, read, filter, control."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.api.conftest import ids
from tests.factories import TaskFactory, TemplateFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import (
    attempt,
    dispatch,
    dispatch_all,
    dispatch_some,
    events,
    finish,
    report,
    start,
    trail,
    walk,
)
from workflows.models import Task, TaskState, WorkflowRun


def test_a_run_of_a_template_has_its_tasks_in_list_order(api: APIClient) -> None:
    template = TemplateFactory.create(name="load", drawing="a > b > d, a > c > d")

    body = {"workflow_template_id": template.pk, "parameters": {"day": 3}}
    answer = api.post("/workflow-runs", body)
    assert answer.status_code == 201
    run = answer.json()
    assert run == {**api.get(f"/workflow-runs/{run['id']}").json(), "warnings": []}
    tasks = Task.objects.in_bulk(run["task_ids"])
    assert [tasks[pk].step_id for pk in run["task_ids"]] == ["a", "b", "d", "c"]
    assert all(run.pop(name).endswith("Z") for name in ("created_at", "updated_at"))
    suggested = [each["operation"] for each in run.pop("suggested_actions")]
    assert suggested == ["dispatch_ready", "auto_dispatch_on"]
    assert run == {
        "id": run["id"],
        "workflow_template_id": template.pk,
        "workflow_template_name": "load",
        "workflow_template_version": 1,
        "task_ids": run["task_ids"],
        "status": "created",
        "initiated_by": "alice",
        "created_by": "alice",
        "approval_lasts": "reset",
        "parameters": {"day": 3},
        "labels": {},
        **dict.fromkeys(UNSET),
        **dict.fromkeys(["approver_must_differ", "auto_dispatch"], False),
        "task_counts": {**dict.fromkeys(TaskState.values, 0), "pending": 4},
        "sentence": "Nothing has been dispatched yet. Dispatch the ready tasks to begin.",
        "failure_triage_hints": [],
        "retry_summary": {"total_retries": 0, "retried_task_ids": []},
        **dict.fromkeys(["set_aside", "kept_by", "kept_reason"], ""),
        "warnings": [],
    }


UNSET = [
    *("started_at", "finished_at", "duration_ms", "again_of", "trigger", "trial", "deadlock"),
    *("kept_at", "logs_removed_at", "secrets_removed_at"),
]


def test_created_event_names_the_user_not_the_initiator(api: APIClient) -> None:
    template = TemplateFactory.create(drawing="a")

    answer = api.post(
        "/workflow-runs", {"workflow_template_id": template.pk, "initiated_by": "nightly"}
    )

    run = WorkflowRun.objects.get(pk=answer.json()["id"])
    assert answer.json()["initiated_by"] == "nightly"
    assert trail(run, whole=True) == ["workflow_run.created", "task.created a"]
    assert {event.actor for event in events(run)} == {"alice"}


def test_a_run_of_existing_tasks_keeps_their_order_and_expands_nothing(api: APIClient) -> None:
    template = TemplateFactory.create(name="label", drawing="x > y")
    first, second = TaskFactory.create_batch(2)
    body = {"workflow_template_id": template.pk, "task_ids": [second.pk, first.pk]}

    run = api.post("/workflow-runs", body).json()

    assert run["task_ids"] == [second.pk, first.pk]
    assert (run["workflow_template_name"], run["task_counts"]["pending"]) == ("label", 2)


def test_task_of_another_run_is_a_409(api: APIClient, runs: DrawRun) -> None:
    run = runs("a")
    task = run.tasks.get()

    answer = api.post("/workflow-runs", {"task_ids": [task.pk]})

    detail = f"task {task.pk} is already in workflow run {run.pk}"
    assert (answer.status_code, answer.json()) == (409, {"detail": detail, "code": "conflict"})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"task_ids": []}, 400),
        ({"workflow_template_id": None}, 400),
        ({"workflow_template_id": 9}, 404),
        ({"workflow_template_id": 10**30}, 404),
        ({"workflow_template_id": -1}, 404),
        ({"task_ids": [9]}, 404),
        ({"task_ids": [10**30]}, 404),
        ({"task_ids": [-(10**30)]}, 404),
        ({"task_ids": [9, 9]}, 400),
    ],
)
def test_refused_run_leaves_nothing_behind(
    api: APIClient, body: dict[str, Any], status: int
) -> None:
    assert api.post("/workflow-runs", body).status_code == status
    assert not WorkflowRun.objects.exists()


def test_a_run_is_paused_resumed_and_aborted_with_reasons(api: APIClient, runs: DrawRun) -> None:
    run = runs("a")

    answers = [
        api.post(f"/workflow-runs/{run.pk}/{verb}", {"reason": f"{verb}, please"})
        for verb in ("pause", "resume", "abort")
    ]

    assert [answer.json()["status"] for answer in answers] == ["paused", "running", "aborted"]
    assert answers[-1].json()["task_counts"]["canceled"] == 1
    assert [(event.event_type, event.actor, event.reason) for event in events(run)[2:]] == [
        ("workflow_run.running", "alice", ""),
        ("workflow_run.paused", "alice", "pause, please"),
        ("workflow_run.resumed", "alice", "resume, please"),
        ("workflow_run.aborted", "alice", "abort, please"),
        ("task.canceled", "alice", "abort, please"),
    ]


def test_cancel_rest_cancels_all_permanently_blocked_tasks(api: APIClient, runs: DrawRun) -> None:
    run = runs("a > b > c, other")
    dispatch(run)
    finish(run, "a", "failed")

    answer = api.post(f"/workflow-runs/{run.pk}/cancel-rest", {"reason": "given up"})
    again = api.post(f"/workflow-runs/{run.pk}/cancel-rest")

    counts = {state: n for state, n in answer.json()["task_counts"].items() if n}
    assert counts == {"failed": 1, "canceled": 2, "pending": 1}
    assert trail(run)[-2:] == ["task.canceled b", "task.canceled c"]
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("verb", ["pause", "resume", "abort", "dispatch-ready", "cancel-rest"])
def test_operation_on_an_aborted_run_is_a_409(api: APIClient, runs: DrawRun, verb: str) -> None:
    run = runs("a")
    api.post(f"/workflow-runs/{run.pk}/abort")
    before = trail(run)

    answer = api.post(f"/workflow-runs/{run.pk}/{verb}")

    assert answer.status_code == 409
    assert answer.json()["detail"] == f"workflow run {run.pk} is aborted"
    assert trail(run) == before


@pytest.mark.parametrize(
    "verb", ["pause", "resume", "abort", "dispatch-ready", "cancel-rest", "graph"]
)
@pytest.mark.parametrize("pk", [7, 10**18, 10**19, 10**300])
def test_an_unknown_run_is_a_404(api: APIClient, verb: str, pk: int) -> None:
    call = api.get if verb == "graph" else api.post
    assert api.get(f"/workflow-runs/{pk}").status_code == 404
    assert call(f"/workflow-runs/{pk}/{verb}").status_code == 404


def test_a_deadlock_is_named_with_its_root_causes(api: APIClient, runs: DrawRun) -> None:
    #  a (failed) ─ b
    #  c          ─ d
    stuck, free = runs("a > b, c > d"), runs("a > b")
    assert dispatch_some(stuck, 1) == ["a"]
    finish(stuck, "a", "failed", message="2")
    assert api.get(f"/workflow-runs/{stuck.pk}").json()["deadlock"] is None
    walk(stuck, "c", "d")

    answers = {row["id"]: row for row in api.get("/workflow-runs").json()["results"]}

    cause = Task.objects.get(run=stuck, step_id="a")
    assert answers[free.pk]["deadlock"] is None
    assert answers[stuck.pk]["deadlock"] == {
        "root_causes": [
            {"task_id": cause.pk, "step_id": "a", "title": "a", "status": "failed", "reason": "2"}
        ],
        "root_cause_count": 1,
        "blocked": 1,
        "more_blocked": False,
    }
    assert api.get(f"/workflow-runs/{stuck.pk}").json() == answers[stuck.pk]


def test_of_many_root_causes_the_first_are_listed(api: APIClient, runs: DrawRun) -> None:
    run = runs(", ".join(f"a{n} > z" for n in range(22)))
    failed = dispatch_all(run)
    for step_id in failed:
        finish(run, step_id, "failed")

    for answer in (
        api.get(f"/workflow-runs/{run.pk}").json(),
        api.get("/workflow-runs").json()["results"][0],
        api.get(f"/workflow-runs/{run.pk}/explain").json(),
    ):
        deadlock = answer["deadlock"]
        assert [cause["step_id"] for cause in deadlock["root_causes"]] == failed[:20]
        assert deadlock["root_cause_count"] == 22
        assert "19 more failed" in answer["sentence"]


def test_a_graph_has_nodes_in_list_order_and_edges(api: APIClient, runs: DrawRun) -> None:
    run = runs("a > b > d, a > c > d")
    dispatch_some(run, 1)
    start(run, "a")

    graph = api.get(f"/workflow-runs/{run.pk}/graph").json()

    names = {node["task_id"]: node["step_id"] for node in graph["nodes"]}
    assert (graph["run_id"], graph["status"]) == (run.pk, "running")
    assert list(names.values()) == ["a", "b", "d", "c"]
    assert {(names[edge["upstream"]], names[edge["downstream"]]) for edge in graph["edges"]} == {
        ("a", "b"),
        ("b", "d"),
        ("a", "c"),
        ("c", "d"),
    }
    first = graph["nodes"][0]
    assert (first["status"], first["title"], first["finished_at"]) == ("running", "a", None)
    assert first["started_at"] == api.get(f"/tasks/{first['task_id']}").json()["started_at"]


def test_runs_are_filtered_by_status_template_and_initiator(api: APIClient, runs: DrawRun) -> None:
    old, paused, running = runs("a"), runs("a"), runs("a")
    api.post(f"/workflow-runs/{paused.pk}/pause")
    dispatch_some(running, 1)
    report(attempt(running, "a"), "running")
    WorkflowRun.objects.filter(pk=old.pk).update(
        initiated_by="cron", created_at="2020-01-01T00:00:00Z"
    )

    def found(query: str) -> list[int]:
        return ids(api.get(f"/workflow-runs?{query}"))

    assert found("") == [running.pk, paused.pk, old.pk]
    assert found("status=paused") == [paused.pk]
    assert found("status=paused&status=running") == [running.pk, paused.pk]
    assert found(f"workflow_template_id={old.template_id}") == [old.pk]
    assert found(f"workflow_template_id={2**63 - 1}") == []
    assert found("initiated_by=cron") == [old.pk]
    assert found("created_at_before=2020-01-01T00:00:00Z") == []
    assert found("created_at_after=2020-01-01T00:00:00Z&created_at_before=2020-01-02") == [old.pk]
    assert found("created_at_after=2020-01-02T00:00:00Z") == [running.pk, paused.pk]

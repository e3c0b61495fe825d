"""`GET /events`: the trail, oldest first."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tests.api.conftest import ids
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch, events, finish, task
from workflows.models import event
from workflows.models.actor import Actor
from workflows.runs.events import record


def test_the_trail_of_a_run_is_read_in_order(api: APIClient, runs: DrawRun) -> None:
    run, other = runs("a > b"), runs("a")
    dispatch(run, by=who("carol"))
    finish(run, "a", "failed", exit_code=2, message="no space")

    rows = api.get(f"/events?run_id={run.pk}").json()["results"]

    assert [row["event_type"] for row in rows] == [
        "workflow_run.created",
        "task.created",
        "task.created",
        "workflow_run.running",
        "task.dispatched",
        "task.failed",
        "workflow_run.failed",
        "workflow_run.deadlocked",
    ]
    assert {row["run_id"] for row in rows} == {run.pk}
    failed = rows[5]
    assert (failed["task_id"], failed["actor"]) == (task(run, "a").pk, "runner")
    assert failed["payload"]["message"] == "no space"
    assert failed["created_at"].endswith("Z")
    assert rows[4]["actor"] == "carol"
    assert ids(api.get(f"/events?run_id={other.pk}")) == [each.pk for each in events(other)]


def test_events_are_filtered_by_task_type_and_preceding_id(api: APIClient, runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch(run)
    a = task(run, "a").pk
    trail = events(run)

    def types(query: str) -> list[str]:
        return [row["event_type"] for row in api.get(f"/events?{query}").json()["results"]]

    assert types(f"task_id={a}") == ["task.created", "task.dispatched"]
    assert types("event_type=task.dispatched") == ["task.dispatched"]
    assert len(types("event_type=task.dispatched&event_type=task.created")) == 3
    assert ids(api.get(f"/events?after={trail[2].pk}")) == [each.pk for each in trail[3:]]
    assert ids(api.get("/events?limit=2")) == [trail[0].pk, trail[1].pk]


def test_events_name_the_user_and_the_way(api: APIClient, runs: DrawRun) -> None:
    run = runs("a")
    api.post(f"/workflow-runs/{run.pk}/pause", {"reason": "lunch"})

    paused = api.get(f"/events?run_id={run.pk}&event_type=workflow_run.paused").json()["results"][0]

    user = User.objects.get(username=paused["actor"])
    assert (paused["actor_user"], paused["actor_via"]) == (str(user.pk), "API")


def test_event_of_another_app_and_of_no_run_is_read(
    api: APIClient, runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event, "_registered", {**event._registered})
    runs("a")
    record("schedule.missed", by=Actor(via="schedule"), reason="nobody looked")

    assert api.get("/events?event_type=schedule.missed").status_code == 400
    event.register_event_types(["schedule.missed"])
    [missed] = api.get("/events?event_type=schedule.missed").json()["results"]

    assert (missed["event_type"], missed["run_id"], missed["task_id"]) == (
        "schedule.missed",
        None,
        None,
    )
    assert (missed["actor"], missed["actor_via"]) == ("", "schedule")
    assert api.get("/events").json()["results"][-1] == missed


def test_events_cannot_be_written(api: APIClient, runs: DrawRun) -> None:
    first = events(runs("a"))[0]

    for call in (api.post, api.put, api.patch, api.delete):
        assert call("/events").status_code == 405
        assert call(f"/events/{first.pk}").status_code == 405

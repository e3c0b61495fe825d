"""`/tasks/{id}/hold` and `/tasks/{id}/release`."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, events, start, task, trail
from workflows import operations


def test_held_task_is_shown_as_held_until_released(api: APIClient, runs: DrawRun) -> None:
    run = runs("a, b")
    path = f"/tasks/{task(run, 'a').pk}"

    held = api.post(f"{path}/hold", {"reason": "disk is full"})

    assert held.status_code == 200
    assert held.json() == api.get(path).json()
    fields = ("status", "is_held", "resume_at", "message")
    assert [held.json()[name] for name in fields] == ["pending", True, None, "disk is full"]
    released = api.post(f"{path}/release", {"reason": "disk was emptied"}).json()
    assert [released[name] for name in fields] == ["pending", False, None, ""]
    assert trail(run) == ["task.held a", "task.released a"]
    assert [(event.actor, event.reason) for event in events(run)[-2:]] == [
        ("alice", "disk is full"),
        ("alice", "disk was emptied"),
    ]


def test_held_task_does_not_keep_back_later_ones(api: APIClient, runs: DrawRun) -> None:
    run = runs("a, b")
    api.post(f"/tasks/{task(run, 'a').pk}/hold")

    first = api.post(f"/workflow-runs/{run.pk}/dispatch-ready").json()
    second = api.post(f"/workflow-runs/{run.pk}/dispatch-ready").json()

    assert first["task_id"] == task(run, "b").pk
    assert (second["dispatched"], second["reason"]) == (False, "on hold")


def test_hold_with_resume_at_ends_by_itself(api: APIClient, runs: DrawRun) -> None:
    run = runs("a")
    moment = (timezone.now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")

    answer = api.post(f"/tasks/{task(run, 'a').pk}/hold", {"resume_at": moment})

    assert (answer.status_code, answer.json()["resume_at"]) == (200, moment)
    assert events(run)[-1].payload == {"resume_at": moment.replace("Z", "+00:00")}


PAST = "This moment has passed; give a later one, or none."


@pytest.mark.parametrize(
    ("body", "field", "why"),
    [
        ({"resume_at": "2000-01-01T00:00:00Z"}, "resume_at", PAST),
        ({"resume_at": "0001-01-01T00:00:00+23:59"}, "resume_at", ""),
        ({"resume_at": "9999-12-31T23:59:59-23:59"}, "resume_at", ""),
        ({"resume_at": "tomorrow"}, "resume_at", "Not a valid moment: write a moment as "),
        ({"resume_at": 1}, "resume_at", "Not a valid moment: write a moment as "),
        ({"reason": 1}, "reason", "Not a valid string: "),
        ({"until": "tomorrow"}, "until", "Unknown field; known are: reason, resume_at."),
    ],
)
def test_wrong_hold_is_refused_by_field(
    api: APIClient, runs: DrawRun, body: dict[str, Any], field: str, why: str
) -> None:
    run = runs("a")

    answer = api.post(f"/tasks/{task(run, 'a').pk}/hold", body)

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert answer.json()[field][0].startswith(why)
    assert (task(run, "a").is_held, trail(run)) == (False, [])


def test_hold_in_another_state_is_a_409_naming_the_state(api: APIClient, runs: DrawRun) -> None:
    run = runs("a, b, c")
    a, b, c = (task(run, step_id).pk for step_id in "abc")
    dispatch_all(runs("x"))
    api.post(f"/tasks/{a}/hold")
    operations.cancel(c, by=who("alice"))
    dispatch_all(run)
    start(run, "b")
    before = trail(run)

    answers = {
        f"hold {a}": f"task {a} is on hold",
        f"hold {b}": f"task {b} is running",
        f"hold {c}": f"task {c} is canceled",
        f"release {b}": f"task {b} is not on hold",
    }

    for call, detail in answers.items():
        verb, pk = call.split()
        answer = api.post(f"/tasks/{pk}/{verb}")
        assert (answer.status_code, answer.json()["detail"]) == (409, detail)
    assert trail(run) == before


@pytest.mark.parametrize("verb", ["hold", "release"])
def test_an_unknown_task_is_a_404(api: APIClient, verb: str) -> None:
    answer = api.post(f"/tasks/987654321/{verb}")

    assert (answer.status_code, answer.json()["detail"]) == (404, "task 987654321 not found")

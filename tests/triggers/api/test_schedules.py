"""`/schedules`: what is sent, answered and refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tests.factories import TemplateFactory, UserFactory
from workflow_triggers.models import Occurrence, Schedule
from workflows.models import Event, WorkflowTemplate


@pytest.fixture
def alice(db: None) -> User:
    """Return a superuser."""
    return UserFactory.create(username="alice", is_superuser=True)


@pytest.fixture
def api(alice: User) -> APIClient:
    """Return a client of the API that is logged in as alice."""
    client = APIClient()
    client.force_authenticate(alice)
    return client


@pytest.fixture
def template(db: None) -> WorkflowTemplate:
    made: WorkflowTemplate = TemplateFactory.create(drawing="a")
    return made


def made(api: APIClient, template: WorkflowTemplate, **fields: Any) -> dict[str, Any]:
    """Create a schedule at two in the night."""
    body = {"workflow_template_id": template.pk, "name": "nightly", "cron": "0 2 * * 1-5"}
    answer = api.post("/schedules", {**body, **fields}, format="json")
    assert answer.status_code == 201, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def test_schedule_is_shown_with_words_and_next_moments(
    api: APIClient, template: WorkflowTemplate
) -> None:
    schedule = made(api, template, zone="Europe/Berlin")

    assert schedule["words"] == "At 02:00, Monday to Friday"
    assert len(schedule["next_moments"]) == 5
    assert {each["local"][11:16] for each in schedule["next_moments"]} == {"02:00"}
    assert (schedule["changed_by"], schedule["changer_is_gone"]) == ("alice", False)
    assert schedule["last_occurrence"] is None
    assert api.get(f"/schedules/{schedule['id']}").json() == schedule
    assert api.get("/schedules?is_enabled=true").json()["results"] == [schedule]
    assert api.get("/schedules?is_enabled=false").json()["results"] == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"cron": "61 2 * * *"}, "cron"),
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"zone": "Europe/Berlim"}, "zone"),
        ({"overlap": "wait"}, "overlap"),
        ({"window_minutes": 0}, "window_minutes"),
        ({"calendars": ["holidays"]}, "calendars"),
        ({"once_at": "2001-01-01T00:00:00Z", "cron": ""}, "once_at"),
        ({"once_at": "2091-01-01T00:00:00Z"}, "cron"),
        ({"next_at": "2030-01-01T00:00:00Z"}, "next_at"),
        ({"parameters": {"day": "{{ nonsense( }}"}}, "parameters"),
    ],
)
def test_wrong_fields_are_named(
    api: APIClient, template: WorkflowTemplate, fields: dict[str, Any], wrong: str
) -> None:
    body = {"workflow_template_id": template.pk, "name": "nightly", "cron": "0 2 * * *", **fields}

    answer = api.post("/schedules", body, format="json")

    assert (answer.status_code, [*answer.json()]) == (400, [wrong])
    assert not Schedule.objects.exists()


def test_change_keeps_what_is_not_named(api: APIClient, template: WorkflowTemplate) -> None:
    schedule = made(api, template, zone="Europe/Berlin", priority=3)

    answer = api.patch(f"/schedules/{schedule['id']}", {"cron": "@daily"}, format="json").json()

    assert (answer["cron"], answer["zone"], answer["priority"]) == ("@daily", "Europe/Berlin", 3)
    switched = api.patch(f"/schedules/{schedule['id']}", {"is_enabled": False}, format="json")
    assert (switched.status_code, [*switched.json()]) == (400, ["is_enabled"])


def test_enabling_and_disabling_keeps_who_and_why(
    api: APIClient, template: WorkflowTemplate
) -> None:
    place = f"/schedules/{made(api, template)['id']}"

    answer = api.post(f"{place}/disable", {"reason": "freeze"}, format="json").json()

    assert (answer["is_enabled"], answer["next_moments"]) == (False, [])
    assert (answer["switched_by"], answer["switch_reason"]) == ("alice", "freeze")
    assert api.post(f"{place}/disable").status_code == 409
    assert api.post(f"{place}/enable").json()["is_enabled"]
    types = Event.objects.order_by("pk").values_list("event_type", flat=True)
    assert [*types] == ["schedule.created", "schedule.disabled", "schedule.enabled"]


@pytest.mark.usefixtures("local")
def test_firing_makes_a_run_and_an_occurrence(api: APIClient, template: WorkflowTemplate) -> None:
    place = f"/schedules/{made(api, template)['id']}"

    fired = api.post(f"{place}/fire").json()

    run = api.get(f"/workflow-runs/{fired['run_id']}").json()
    assert run["workflow_template_id"] == template.pk
    assert (run["trigger"]["kind"], run["trigger"]["name"]) == ("schedule", "nightly")
    assert api.get(place).json()["last_occurrence"] == fired
    assert api.get(f"{place}/occurrences?outcome=run").json()["results"] == [fired]
    assert api.get(f"{place}/occurrences?outcome=missed").json()["results"] == []
    assert api.get(f"{place}/occurrences?moment_after=2090-01-01T00:00Z").json()["results"] == []
    assert [*api.get(f"{place}/occurrences?outcome=lost").json()] == ["outcome"]


def test_next_moments_are_read_by_number(api: APIClient, template: WorkflowTemplate) -> None:
    place = f"/schedules/{made(api, template)['id']}"

    assert len(api.get(f"{place}/next?count=2").json()["moments"]) == 2
    assert [*api.get(f"{place}/next?count=101").json()] == ["count"]
    assert [*api.get(f"{place}/next?many=2").json()] == ["many"]


def test_preview_says_words_and_moments_and_stores_nothing(api: APIClient) -> None:
    answer = api.get("/schedules/preview?cron=*/5%20*%20*%20*%20*&zone=Asia/Tokyo").json()

    assert (answer["zone"], len(answer["moments"])) == ("Asia/Tokyo", 5)
    assert all(each["local"].endswith("+09:00") for each in answer["moments"])
    assert [*api.get("/schedules/preview?cron=1").json()] == ["cron"]
    assert [*api.get("/schedules/preview?cron=@daily&zone=Mars").json()] == ["zone"]
    assert [*api.get("/schedules/preview").json()] == ["cron"]
    assert not Schedule.objects.exists()


def test_user_who_is_gone_is_told(api: APIClient, alice: User, template: WorkflowTemplate) -> None:
    schedule = made(api, template)
    Schedule.objects.update(changed_by_user="987654321")

    assert api.get(f"/schedules/{schedule['id']}").json()["changer_is_gone"]


def test_statements_do_not_grow_with_the_schedules(
    api: APIClient, template: WorkflowTemplate, django_assert_num_queries: Any
) -> None:
    for number in range(12):
        schedule = made(api, template, name=f"schedule {number}")
        Occurrence.objects.create(
            schedule_id=schedule["id"], moment=datetime(2026, 1, 1, tzinfo=UTC), outcome="missed"
        )

    with django_assert_num_queries(6):
        results = api.get("/schedules").json()["results"]
    assert all(each["last_occurrence"]["outcome"] == "missed" for each in results)


def test_unknown_template_and_schedule_are_a_404(api: APIClient) -> None:
    body = {"workflow_template_id": 7_000, "name": "nightly", "cron": "0 2 * * *"}

    assert api.post("/schedules", body, format="json").status_code == 404
    assert api.delete("/schedules/7000").status_code == 404
    assert api.get("/schedules/7000").json()["detail"] == "schedule 7000 not found"


def test_deleting_keeps_the_runs(api: APIClient, template: WorkflowTemplate) -> None:
    place = f"/schedules/{made(api, template)['id']}"
    run_id = api.post(f"{place}/fire").json()["run_id"]

    assert api.delete(place).status_code == 204
    assert api.get(place).status_code == 404
    assert api.get(f"/workflow-runs/{run_id}").status_code == 200

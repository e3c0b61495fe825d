"""`/calendars` and backfills: what is sent, answered and refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.factories import TemplateFactory, UserFactory
from workflow_triggers.models import Calendar, Occurrence

ICAL = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//shop//holidays//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20261225
DTEND;VALUE=DATE:20261227
SUMMARY:Christmas
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def api(db: None) -> APIClient:
    """Return a client of the API that is logged in as a superuser."""
    client = APIClient()
    client.force_authenticate(UserFactory.create(username="alice", is_superuser=True))
    return client


@pytest.fixture
def place(api: APIClient) -> str:
    """Return the path of an hourly schedule."""
    body = {
        "workflow_template_id": TemplateFactory.create(drawing="a").pk,
        "name": "hourly",
        "cron": "@hourly",
    }
    return f"/schedules/{api.post('/schedules', body, format='json').json()['id']}"


def span(hours: int) -> dict[str, str]:
    now = timezone.now()
    return {"start": (now - timedelta(hours=hours)).isoformat(), "end": now.isoformat()}


def test_icalendar_becomes_days(api: APIClient, place: str) -> None:
    body = {"name": "holidays", "ical": ICAL}

    answer = api.post("/calendars", body, format="json")

    assert answer.status_code == 201
    days = [{"day": f"2026-12-{day}", "title": "Christmas"} for day in (25, 26)]
    assert answer.json()["days"] == days
    calendar = f"/calendars/{answer.json()['id']}"
    assert api.patch(place, {"calendars": ["holidays"]}, format="json").status_code == 200
    assert len(api.get(calendar).json()["schedules"]) == 1
    assert api.delete(calendar).status_code == 409
    assert api.patch(calendar, {"days": []}, format="json").json()["days"] == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"ical": "BEGIN:NOTHING"}, "ical"),
        ({"ical": ICAL, "days": []}, "ical"),
        ({"days": ["25.12.2026"]}, "days"),
        ({"weekly": [{"days": ["someday"]}]}, "weekly"),
        ({"months": []}, "months"),
    ],
)
def test_wrong_fields_are_named(api: APIClient, fields: dict[str, Any], wrong: str) -> None:
    answer = api.post("/calendars", {"name": "holidays", **fields}, format="json")

    assert (answer.status_code, [*answer.json()]) == (400, [wrong])
    assert not Calendar.objects.exists()


def test_dry_run_of_a_backfill_writes_nothing(api: APIClient, place: str) -> None:
    answer = api.post(f"{place}/backfill", {**span(3), "dry_run": True}, format="json").json()

    assert (len(answer["moments"]), answer["already"], answer["backfill"]) == (3, [], None)
    assert not Occurrence.objects.exists()


def test_backfill_is_queued_once_and_canceled_together(api: APIClient, place: str) -> None:
    body = span(3)
    made = api.post(f"{place}/backfill", body, format="json").json()
    again = api.post(f"{place}/backfill", body, format="json")

    assert (len(made["moments"]), again.status_code) == (3, 400)
    assert api.get("/backfills").json()["results"] == [made["backfill"]]
    backfill = f"/backfills/{made['backfill']['id']}"
    assert api.post(f"{backfill}/cancel").json()["canceled_by"] == "alice"
    assert api.post(f"{backfill}/cancel").status_code == 409
    assert api.get(f"{place}/occurrences?outcome=canceled").json()["count"] == 3

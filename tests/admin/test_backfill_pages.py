"""Backfills and calendars in the admin."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.admin.conftest import ClientOf, add_url, messages_of, text_of, url_of
from tests.factories import ScheduleFactory
from tests.support.actors import who
from workflow_triggers.models import Backfill, Calendar, Outcome, Schedule
from workflow_triggers.operations.schedules import create_schedule
from workflows.models import WorkflowTemplate

VIEW = "workflow_triggers.view_schedule"
OPERATE = "workflow_triggers.operate_schedule"
AUTHOR = (VIEW, "workflow_triggers.add_schedule", "workflow_triggers.change_schedule")
WEEK = "/admin/workflow_triggers/schedule/week/"
PREVIEW = "/admin/workflow_triggers/schedule/preview/"


@pytest.fixture
def nightly(template: WorkflowTemplate) -> Schedule:
    """Return a schedule for the night."""
    values = {"name": "nightly", "cron": "0 2 * * 1-5", "zone": "Europe/Berlin"}
    return create_schedule(template.pk, values, by=who("ada"))


def test_backfill_is_previewed_made_and_canceled(client_of: ClientOf, nightly: Schedule) -> None:
    olga = client_of("olga", VIEW, OPERATE)
    page = url_of(nightly, "backfill")
    span = {"start": "2026-10-05T00:00", "end": "2026-10-10T00:00"}

    assert "5 runs" in text_of(olga.get(page, span))
    assert "Give an end after the start" in text_of(
        olga.get(page, {"start": span["end"], "end": span["start"]})
    )
    olga.post(page, span)
    made = Backfill.objects.get()
    assert made.occurrences.count() == 5
    assert made.created_by == "olga"
    assert "5 exist already" in text_of(olga.get(page, span))

    cancel = f"/admin/workflow_triggers/schedule/{nightly.pk}/backfills/{made.pk}/cancel/"
    olga.post(cancel)
    assert not made.occurrences.filter(outcome=Outcome.QUEUED).exists()
    assert "Not canceled" in str(messages_of(olga.post(cancel)))
    assert client_of("vera", VIEW).get(page, span).status_code == 403


ICAL = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20261225
SUMMARY:Christmas
END:VEVENT
END:VCALENDAR
"""


def test_calendar_is_made_from_a_file_and_kept_while_it_is_used(root: Client) -> None:
    file = SimpleUploadedFile("holidays.ics", ICAL)
    made = root.post(add_url(Calendar), {"name": "holidays", "ical": file})
    assert made.status_code == 302, text_of(made)
    stored = Calendar.objects.get()
    assert "2026-12-25" in str(stored.days)
    bad = SimpleUploadedFile("x.ics", b"nothing")
    assert root.post(add_url(Calendar), {"name": "y", "ical": bad}).status_code == 200
    wrong = root.post(add_url(Calendar), {"name": "y", "days": '["2026-13-01"]'})
    assert "2026-12-25" in text_of(wrong)

    schedule = ScheduleFactory.create(name="nightly")
    schedule.calendars.add(stored)
    assert "cannot be deleted" in text_of(root.get(url_of(stored, "delete")))
    schedule.calendars.clear()
    root.post(url_of(stored, "delete"), {"post": "yes"})
    assert not Calendar.objects.exists()

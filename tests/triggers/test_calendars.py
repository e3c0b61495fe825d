"""Calendars are checked when they are saved, and read from iCalendar."""

from typing import Any

import pytest

from tests.factories import ScheduleFactory
from tests.support.actors import who
from workflow_triggers.operations.calendars import delete_calendar, import_ical, save_calendar
from workflows.errors import InUse, Invalid, NotFound
from workflows.models import Event

pytestmark = pytest.mark.django_db
ADA = who("ada")
ICAL = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//ours//EN
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20261225
DTEND;VALUE=DATE:20261227
SUMMARY:Christmas
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20270101
SUMMARY:New Year
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART:20261231T120000Z
DTEND:20261231T180000Z
SUMMARY:inventory
END:VEVENT
END:VCALENDAR
"""


def test_saved_changed_and_deleted_with_a_trail() -> None:
    calendar = save_calendar({"name": "holidays", "days": ["2026-12-25"]}, by=ADA)
    for _ in range(2):
        save_calendar({"weekly": [{"days": ["sat"]}]}, by=ADA, calendar_id=calendar.pk)
    calendar.refresh_from_db()
    assert calendar.days == ["2026-12-25"]
    schedule = ScheduleFactory.create(name="nightly", calendars=["holidays"])
    with pytest.raises(InUse, match="used by nightly"):
        delete_calendar(calendar.pk, by=ADA)
    schedule.calendars.clear()
    delete_calendar(calendar.pk, by=ADA)
    kinds = Event.objects.filter(event_type__startswith="calendar.").order_by("pk")
    assert [event.event_type for event in kinds] == [
        "calendar.created",
        "calendar.changed",
        "calendar.deleted",
    ]
    with pytest.raises(NotFound):
        delete_calendar(calendar.pk, by=ADA)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", 7),
        ("days", "2026-12-25"),
        ("days", ["25.12.2026"]),
        ("days", [{"date": "2026-12-25"}]),
        ("days", [7]),
        ("spans", [{"from": "2026-12-24T18:00", "until": "2026-12-27T06:00"}]),
        ("spans", [{"from": "2026-12-27T18:00Z", "until": "2026-12-24T06:00Z"}]),
        ("weekly", [{"days": ["saturday"]}]),
        ("weekly", [{"days": []}]),
        ("weekly", [{"days": ["sat"], "from": "25:00"}]),
        ("weekly", [{"days": ["sat"], "from": "9"}]),
        ("weekly", [{"days": ["sat"], "form": "09:00"}]),
        ("dayz", []),
    ],
)
def test_wrong_values_are_named(field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        save_calendar({"name": "holidays", field: value}, by=ADA)
    assert list(refused.value.fields) == [field]


def test_icalendar_becomes_days_and_spans() -> None:
    values = import_ical(ICAL)
    assert values == {
        "days": [
            {"day": "2026-12-25", "title": "Christmas"},
            {"day": "2026-12-26", "title": "Christmas"},
            {"day": "2027-01-01", "title": "New Year"},
        ],
        "spans": [
            {
                "from": "2026-12-31T12:00:00+00:00",
                "until": "2026-12-31T18:00:00+00:00",
                "title": "inventory",
            }
        ],
    }
    save_calendar({"name": "imported", **values}, by=ADA)


@pytest.mark.parametrize("text", ["", "hello", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "x" * 1_000_001])
def test_what_is_no_icalendar_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        import_ical(text)

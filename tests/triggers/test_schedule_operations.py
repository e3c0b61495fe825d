"""Creating, changing, switching and deleting schedules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runners.encryption import decrypt
from tests.factories import CalendarFactory, ScheduleFactory, TemplateFactory
from tests.support.actors import who
from workflow_triggers.models import Occurrence, Schedule
from workflow_triggers.operations.schedules import (
    change_schedule,
    create_schedule,
    delete_schedule,
    fire_now,
    resume_from_now,
    set_enabled,
)
from workflows.errors import Invalid, NotFound, WrongState
from workflows.models import Event, WorkflowRun
from workflows.models.actor import Actor

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
ADA = Actor("7", "ada", "web")
SCHEMA = {
    "type": "object",
    "properties": {
        "day": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
        "token": {"type": "string", "writeOnly": True},
    },
    "required": ["day"],
    "additionalProperties": False,
}
NIGHTLY: dict[str, Any] = {"name": "nightly", "cron": "0 2 * * *", "zone": "Europe/Berlin"}


def trail() -> list[str]:
    events = Event.objects.filter(event_type__startswith="schedule.").order_by("pk")
    return list(events.values_list("event_type", flat=True))


def run_of(occurrence: Occurrence) -> WorkflowRun:
    assert occurrence.run_id
    return WorkflowRun.objects.get(pk=occurrence.run_id)


def test_created_schedule_waits_for_its_next_moment() -> None:
    calendar = CalendarFactory.create(name="holidays")
    values = {**NIGHTLY, "calendars": ["holidays"]}
    schedule = create_schedule(TemplateFactory.create().pk, values, by=ADA, now=NOW)
    schedule.refresh_from_db()
    assert schedule.settled_until == NOW
    assert schedule.next_at == datetime(2026, 6, 2, 0, 0, tzinfo=UTC)
    assert list(schedule.calendars.all()) == [calendar]
    assert schedule.changer == ADA
    assert trail() == ["schedule.created"]


@pytest.mark.parametrize(
    ("values", "field", "why"),
    [
        ({"name": ""}, "name", "1 to 200"),
        ({"zone": "Berlin"}, "zone", "Europe/Berlin"),
        ({"cron": "* *"}, "cron", "minute, hour"),
        ({"once_at": NOW + timedelta(days=1)}, "cron", "not both"),
        ({"cron": "", "once_at": NOW}, "once_at", "has passed"),
        ({"once_at": "tomorrow"}, "once_at", "offset"),
        ({"overlap": "never"}, "overlap", "skip, queue"),
        ({"window_minutes": 0}, "window_minutes", "1 to"),
        ({"calendars": ["holidayz"]}, "calendars", "holidays"),
        ({"parameters": []}, "parameters", "object"),
        ({"parameters": {"day": "{{ moment"}}, "parameters", "missing"),
        ({"parameters": {"day": "{{ moment }}"}}, "parameters", "day: "),
        ({"parameters": {"day": "{{ mment }}"}}, "parameters", "known: moment"),
        ({"parameters": {"day": "{{ moment.era }}"}}, "parameters", "unknown name 'era'"),
        ({"paramters": {}}, "paramters", "did you mean parameters"),
        ({"is_enabled": "yes"}, "is_enabled", "true or false"),
    ],
)
def test_wrong_values_are_named_with_a_remedy(values: dict[str, Any], field: str, why: str) -> None:
    CalendarFactory.create(name="holidays")
    template = TemplateFactory.create(parameters_schema=SCHEMA)
    good = {**NIGHTLY, "parameters": {"day": "{{ moment.date }}"}}
    with pytest.raises(Invalid) as refused:
        create_schedule(template.pk, {**good, **values}, by=ADA, now=NOW)
    assert list(refused.value.fields) == [field]
    assert why in refused.value.fields[field][0]
    assert not Schedule.objects.exists()


def test_names_are_unique_in_a_template() -> None:
    schedule = ScheduleFactory.create(name="nightly")
    with pytest.raises(Invalid, match="choose another"):
        create_schedule(schedule.template_id, NIGHTLY, by=ADA)
    create_schedule(TemplateFactory.create().pk, NIGHTLY, by=ADA)


def test_secrets_are_encrypted_and_stay_until_they_are_removed() -> None:
    template = TemplateFactory.create(parameters_schema=SCHEMA)
    given = {"day": "{{ moment.date }}", "token": "hunter2"}
    schedule = create_schedule(template.pk, {**NIGHTLY, "parameters": given}, by=ADA, now=NOW)
    assert schedule.parameters == {"day": "{{ moment.date }}"}
    assert decrypt(schedule.encrypted_secrets["token"]) == "hunter2"
    for same in ({"day": "{{ moment.date }}"}, {"day": "{{ moment.date }}", "token": "********"}):
        change_schedule(schedule.pk, {"parameters": same}, by=ADA, now=NOW)
    assert trail() == ["schedule.created"]
    run = run_of(fire_now(schedule.pk, by=ADA, now=NOW))
    assert run.parameters == {"day": "2026-06-01", "token": "********"}
    gone = {"day": "{{ moment.date }}", "token": None}
    assert change_schedule(schedule.pk, {"parameters": gone}, by=ADA).encrypted_secrets == {}
    assert "hunter2" not in str(list(Event.objects.values()))


def test_changing_the_time_writes_off_what_is_past() -> None:
    schedule = ScheduleFactory.create(cron="0 * * * *", now=NOW)
    later = NOW + timedelta(hours=5, minutes=30)
    change_schedule(schedule.pk, {"cron": "15 * * * *"}, by=ADA, now=later)
    schedule.refresh_from_db()
    assert schedule.next_at == NOW + timedelta(hours=6, minutes=15)
    [row] = Occurrence.objects.all()
    assert (row.count, row.moment) == (5, NOW + timedelta(hours=1))
    assert row.sentence == "missed: the schedule was changed before anybody looked"
    assert trail() == ["schedule.created", "schedule.missed", "schedule.changed"]
    change_schedule(schedule.pk, {"cron": "15 * * * *"}, by=ADA, now=later)
    assert len(trail()) == 3


def test_switching_is_told_with_who_and_why_and_fires_nothing_past() -> None:
    schedule = ScheduleFactory.create(cron="0 * * * *", now=NOW)
    set_enabled(schedule.pk, False, by=ADA, reason="migration", now=NOW)
    schedule.refresh_from_db()
    assert schedule.next_at is None
    assert (schedule.switched_by, schedule.switch_reason) == ("ada", "migration")
    with pytest.raises(WrongState, match="is disabled"):
        set_enabled(schedule.pk, False, by=ADA)
    later = NOW + timedelta(days=3)
    assert set_enabled(schedule.pk, True, by=ADA, now=later).next_at == later + timedelta(hours=1)
    assert not Occurrence.objects.exists()
    assert trail() == ["schedule.created", "schedule.disabled", "schedule.enabled"]
    assert Event.objects.get(event_type="schedule.disabled").reason == "migration"


def test_fired_by_hand_is_a_run_of_whoever_fired_it() -> None:
    schedule = ScheduleFactory.create(name="nightly", now=NOW)
    occurrence = fire_now(schedule.pk, by=ADA, now=NOW)
    run = run_of(occurrence)
    assert run.creator == ADA
    assert run.trigger == {
        "kind": "schedule",
        "id": schedule.pk,
        "name": "nightly",
        "moment": "2026-06-01T12:00:00Z",
    }
    assert trail()[-1] == "schedule.fired"


def test_resuming_from_now_writes_off_and_is_repeatable() -> None:
    schedule = ScheduleFactory.create(cron="0 * * * *", now=NOW)
    later = NOW + timedelta(days=2)
    assert resume_from_now(by=who("root"), now=later) == 1
    assert resume_from_now(by=who("root"), now=later) == 0
    [row] = Occurrence.objects.all()
    assert (row.count, row.sentence) == (48, "missed: resumed from now by root")
    schedule.refresh_from_db()
    assert schedule.settled_until == later


def test_deleting_leaves_the_runs() -> None:
    schedule = ScheduleFactory.create()
    run = run_of(fire_now(schedule.pk, by=ADA))
    delete_schedule(schedule.pk, by=ADA)
    assert not Occurrence.objects.exists()
    run.refresh_from_db()
    with pytest.raises(NotFound):
        delete_schedule(schedule.pk, by=ADA)

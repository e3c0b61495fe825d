"""Each moment of a schedule makes one run, or says why not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import CalendarFactory, ScheduleFactory, TemplateFactory
from tests.support.actors import who
from workflow_triggers.firing.rounds import fire_due
from workflow_triggers.models import Occurrence, Schedule
from workflow_triggers.operations.schedules import set_enabled
from workflows.models import Event, RunState, WorkflowRun
from workflows.models.actor import Actor
from workflows.operations.runs import abort

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 0, 0, 30, tzinfo=UTC)
ROOT = who("root")
WEEK = timedelta(days=7)
MOST_STATEMENTS_OF_A_RUN = 35
FIVE_MINUTES: dict[str, Any] = {"cron": "*/5 * * * *", "now": NOW}


def look(now: datetime) -> None:
    fire_due(by=ROOT, now=now)


def look_until(end: datetime, start: datetime = NOW) -> None:
    """Look every minute, as executors do."""
    while start <= end:
        look(start)
        start += timedelta(minutes=1)


def sentences() -> list[str]:
    rows = Occurrence.objects.order_by("moment", "pk")
    return ["run" if row.run_id else row.sentence for row in rows]


def finish_runs() -> None:
    unfinished = (RunState.CREATED, RunState.RUNNING)
    for pk in WorkflowRun.objects.filter(state__in=unfinished).values_list("pk", flat=True):
        abort(pk, by=ROOT)


def events(kind: str) -> list[Event]:
    return list(Event.objects.filter(event_type=f"schedule.{kind}").order_by("pk"))


def test_a_moment_makes_a_run_for_the_schedule() -> None:
    look(NOW)
    schema = {"type": "object", "properties": {"day": {"type": "string"}}}
    ada = Actor("7", "ada", "web")
    schedule = ScheduleFactory.create(
        name="nightly",
        zone="Europe/Berlin",
        cron="0 2 * * *",
        template=TemplateFactory.create(parameters_schema=schema),
        parameters={"day": "{{ moment.yesterday }}", "at": "{{ moment }}"},
        by=ada,
        priority=5,
        now=NOW - timedelta(hours=1),
    )
    look(NOW)
    look(NOW + timedelta(seconds=2))
    [occurrence] = Occurrence.objects.all()
    run = WorkflowRun.objects.get(pk=occurrence.run_id or 0)
    assert run.parameters == {"day": "2026-05-31", "at": "2026-06-01T02:00:00+02:00"}
    assert run.creator == Actor("7", "schedule nightly", "schedule")
    assert run.trigger == {
        "kind": "schedule",
        "id": schedule.pk,
        "name": "nightly",
        "moment": "2026-06-01T00:00:00Z",
    }
    assert run.auto_dispatch
    assert run.priority == 5
    schedule.refresh_from_db()
    assert schedule.next_at == datetime(2026, 6, 2, 0, 0, tzinfo=UTC)


def test_once_fires_once() -> None:
    look(NOW)
    schedule = ScheduleFactory.create(once_at=NOW + timedelta(minutes=1), now=NOW)
    look_until(NOW + timedelta(minutes=5))
    assert sentences() == ["run"]
    schedule.refresh_from_db()
    assert schedule.next_at is None


def test_overlap_skips() -> None:
    look(NOW)
    ScheduleFactory.create(**FIVE_MINUTES)
    look_until(NOW + timedelta(minutes=10))
    run = WorkflowRun.objects.get()
    assert sentences() == ["run", f"skipped: run {run.pk} was still running"]
    finish_runs()
    look_until(NOW + timedelta(minutes=15), NOW + timedelta(minutes=11))
    assert len(sentences()) == 3
    assert sentences()[-1] == "run"
    assert [event.reason for event in events("skipped")] == [f"run {run.pk} was still running"]


def test_overlap_queues_in_order() -> None:
    look(NOW)
    ScheduleFactory.create(**FIVE_MINUTES, overlap="queue")
    look_until(NOW + timedelta(minutes=15))
    run = WorkflowRun.objects.get()
    waiting = "queued: waiting for the runs of earlier moments"
    assert sentences() == ["run", f"queued: waiting for workflow run {run.pk}", waiting]
    for made in (2, 3):
        finish_runs()
        look(NOW + timedelta(minutes=16))
        assert WorkflowRun.objects.count() == made
    moments = [each.trigger["moment"] for each in WorkflowRun.objects.order_by("pk")]
    assert moments == sorted(moments)


def test_overlap_cancels_the_running_one() -> None:
    look(NOW)
    ScheduleFactory.create(**FIVE_MINUTES, name="often", overlap="cancel_running")
    look_until(NOW + timedelta(minutes=10))
    first, second = WorkflowRun.objects.order_by("pk")
    assert (first.state, second.state) == (RunState.ABORTED, RunState.CREATED)
    aborted = Event.objects.get(event_type="workflow_run.aborted")
    assert (aborted.actor, aborted.reason) == (
        "schedule often",
        "The next moment of schedule often has come.",
    )


def test_disabling_cancels_what_waits() -> None:
    look(NOW)
    schedule = ScheduleFactory.create(**FIVE_MINUTES, overlap="queue")
    look_until(NOW + timedelta(minutes=10))
    set_enabled(schedule.pk, False, by=ROOT, now=NOW + timedelta(minutes=10))
    assert sentences() == ["run", "canceled: the schedule was disabled by root"]


@pytest.mark.parametrize(("catch_up", "made"), [("none", 0), ("latest", 1), ("all", 60)])
def test_five_hours_without_a_look(catch_up: str, made: int) -> None:
    look(NOW)
    ScheduleFactory.create(**FIVE_MINUTES, catch_up=catch_up)
    later = NOW + timedelta(hours=5, minutes=3)
    look(later)
    for _ in range(70):
        finish_runs()
        look(later)
    assert WorkflowRun.objects.count() == made
    rows = list(Occurrence.objects.order_by("moment"))
    assert len(rows) == 60
    assert [row.moment.minute % 5 for row in rows] == [0] * 60
    assert sentences()[-1] == ("run" if made else sentences()[0])
    if made < 2:
        assert rows[0].sentence.startswith("missed: nobody looked between 00:00 and 05:03")
        [event] = events("missed")
        assert event.payload["count"] == 60 - made
    look(later + timedelta(minutes=2))
    assert sentences()[-1] == "run"
    assert len(sentences()) == 61


def test_what_lies_before_the_window_is_one_row() -> None:
    look(NOW)
    ScheduleFactory.create(**FIVE_MINUTES, window_minutes=60, catch_up="none")
    look(NOW + timedelta(days=30, minutes=3))
    first, *others = Occurrence.objects.order_by("moment")
    assert len(others) == 12
    assert (first.outcome, first.count) == ("missed", 30 * 288 - 12)
    assert others[0].moment - (first.last_moment or NOW) == timedelta(minutes=5)


def test_what_was_never_looked_at_was_missed() -> None:
    ScheduleFactory.create(**FIVE_MINUTES, catch_up="none")
    look(NOW + timedelta(minutes=8))
    assert sentences() == ["missed: nobody looked before 2026-06-01 00:08"]


def test_a_late_look_within_patience_fires() -> None:
    look(NOW)
    ScheduleFactory.create(cron="1 * * * *", now=NOW, catch_up="none")
    look(NOW + timedelta(minutes=1, seconds=50))
    assert sentences() == ["run"]


def test_a_schedule_that_has_to_wait_its_turn_is_fired_late() -> None:
    look(NOW)
    ScheduleFactory.create(cron="1 * * * *", now=NOW, catch_up="none")
    for minute in range(1, 6):  # rounds without time: each settles one schedule of others
        Schedule.objects.update(rests_until=NOW + timedelta(minutes=5))
        look(NOW + timedelta(minutes=minute))
    assert sentences() == ["run"]


def test_two_standstills_are_known_until_all_is_settled() -> None:
    look(NOW)
    for _ in range(3):
        ScheduleFactory.create(cron="0 1 * * *", now=NOW, catch_up="none")
    Schedule.objects.update(rests_until=NOW + timedelta(hours=9))
    look(NOW + timedelta(hours=4))
    look(NOW + timedelta(hours=9))
    assert sentences() == ["missed: nobody looked between 00:00 and 09:00"] * 3


def test_excluded_moments_say_so_also_if_missed() -> None:
    look(NOW)
    calendar = CalendarFactory.create(
        name="stock", spans=[{"from": "2026-06-01T00:00Z", "until": "2026-06-01T00:12Z"}]
    )
    schedule = ScheduleFactory.create(**FIVE_MINUTES, calendars=[calendar.name])
    look_until(NOW + timedelta(minutes=5))
    look(NOW + timedelta(minutes=28))
    assert sentences()[:2] == ["excluded: stock", "excluded: stock"]
    assert sentences()[2].startswith("missed: nobody looked between 00:05 and 00:28")
    assert sentences()[-1] == "run"
    assert schedule.calendars.get() == calendar


def test_refused_parameters_leave_the_schedule_enabled() -> None:
    look(NOW)
    template = TemplateFactory.create()
    schedule = ScheduleFactory.create(**FIVE_MINUTES, template=template)
    template.parameters_schema = {"type": "object", "required": ["day"]}
    template.save()
    look_until(NOW + timedelta(minutes=5))
    assert sentences()[0].startswith("refused: parameters: ")
    assert "day" in sentences()[0]
    schedule.refresh_from_db()
    assert schedule.is_enabled
    assert len(events("refused")) == 1


def test_a_clock_set_back_fires_nothing_twice() -> None:
    look(NOW)
    schedule = ScheduleFactory.create(**FIVE_MINUTES, overlap="cancel_running")
    look_until(NOW + timedelta(hours=1))
    assert len(sentences()) == 12
    look_until(NOW + timedelta(hours=1))
    assert len(sentences()) == 12
    # Not even if somebody has switched it meanwhile.
    set_enabled(schedule.pk, False, by=ROOT, now=NOW)
    set_enabled(schedule.pk, True, by=ROOT, now=NOW)
    look_until(NOW + timedelta(hours=1, minutes=5))
    assert sentences() == ["run"] * 13


def test_trouble_of_one_schedule_stops_no_other() -> None:
    look(NOW)
    broken = ScheduleFactory.create(**FIVE_MINUTES)
    ScheduleFactory.create(**FIVE_MINUTES)
    Schedule.objects.filter(pk=broken.pk).update(zone="Europe/Atlantis")
    for second in range(5):
        look(NOW + timedelta(minutes=5, seconds=second))
    assert sentences() == ["run"]
    broken.refresh_from_db()
    assert "Atlantis" in broken.trouble
    assert broken.failures == 1
    assert len(events("set_aside")) == 1
    Schedule.objects.filter(pk=broken.pk).update(zone="UTC")
    look(NOW + timedelta(minutes=5, seconds=10))
    broken.refresh_from_db()
    assert sentences() == ["run", "run"]
    assert (broken.failures, broken.trouble, broken.rests_until) == (0, "", None)


def test_an_idle_round_takes_four_statements() -> None:
    look(NOW)
    ScheduleFactory.create_batch(3, **FIVE_MINUTES)
    with CaptureQueriesContext(
        connection,
    ) as statements:
        look(NOW + timedelta(seconds=2))
    assert len(statements) == 4


def test_each_schedule_takes_the_same_statements() -> None:
    look(NOW)
    template = TemplateFactory.create(drawing="only")
    taken = []
    for hour in range(4):
        at = NOW + timedelta(hours=hour)
        ScheduleFactory.create_batch(hour or 1, template=template, once_at=at, now=NOW - WEEK)
        look(at - timedelta(seconds=1))
        with CaptureQueriesContext(connection) as statements:
            look(at)
        taken.append(len(statements))
    assert taken[2] - taken[1] == taken[3] - taken[2] <= MOST_STATEMENTS_OF_A_RUN


def test_a_round_ends_when_its_time_is_over() -> None:
    look(NOW)
    ScheduleFactory.create_batch(3, **FIVE_MINUTES)
    for made in (1, 2, 3, 3):
        fire_due(by=ROOT, now=NOW + timedelta(minutes=5), seconds=0)
        assert WorkflowRun.objects.count() == made

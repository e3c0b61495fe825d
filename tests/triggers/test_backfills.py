"""Runs for the moments of a span that has passed."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import CalendarFactory, ScheduleFactory
from tests.support.actors import who
from workflow_triggers.firing.rounds import fire_due
from workflow_triggers.models import Occurrence, Schedule
from workflow_triggers.operations.backfills import backfill, cancel_backfill, preview_backfill
from workflows.errors import Invalid, NotFound, WrongState
from workflows.models import RunState, WorkflowRun
from workflows.models.actor import Actor
from workflows.operations.runs import abort

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
START, END = NOW - timedelta(days=3), NOW
ADA = Actor("7", "ada", "web")


@pytest.fixture
def nightly() -> Schedule:
    schedule: Schedule = ScheduleFactory.create(cron="0 2 * * *", now=NOW)
    return schedule


def make_all() -> None:
    for _ in range(5):
        fire_due(by=who("root"), now=NOW)
        unfinished = WorkflowRun.objects.filter(state__in=(RunState.CREATED, RunState.RUNNING))
        for run in unfinished:
            abort(run.pk, by=who("root"))


def test_each_moment_makes_one_run_after_the_other_for_whoever_asked(nightly: Schedule) -> None:
    assert len(preview_backfill(nightly.pk, START, END).moments) == 3
    backfill(nightly.pk, START, END, by=ADA, now=NOW)
    fire_due(by=who("root"), now=NOW)
    fire_due(by=who("root"), now=NOW)
    assert WorkflowRun.objects.count() == 1
    make_all()
    runs = WorkflowRun.objects.order_by("pk")
    assert [run.trigger["moment"][:10] for run in runs] == [
        "2026-06-08",
        "2026-06-09",
        "2026-06-10",
    ]
    assert {run.creator for run in runs} == {ADA}
    preview = preview_backfill(nightly.pk, START, END)
    assert (len(preview.moments), len(preview.already)) == (0, 3)
    with pytest.raises(Invalid, match="without a run"):
        backfill(nightly.pk, START, END, by=ADA, now=NOW)


def test_canceled_together_and_asked_for_again(nightly: Schedule) -> None:
    made = backfill(nightly.pk, START, END, by=ADA, now=NOW)
    fire_due(by=who("root"), now=NOW)
    cancel_backfill(made.pk, by=ADA)
    rows = Occurrence.objects.order_by("moment")
    assert [row.outcome for row in rows] == ["run", "canceled", "canceled"]
    assert rows[1].sentence == "canceled: the backfill was canceled by ada"
    with pytest.raises(WrongState, match="is canceled"):
        cancel_backfill(made.pk, by=ADA)
    backfill(nightly.pk, START, END, by=ADA, now=NOW)
    make_all()
    assert [row.outcome for row in Occurrence.objects.all()] == ["run"] * 3
    assert WorkflowRun.objects.count() == 3


def test_what_cannot_be_made_is_refused(nightly: Schedule) -> None:
    for start, end, why in (
        (END, START, "after the start"),
        (START, NOW + timedelta(days=1), "to come"),
        (NOW - timedelta(hours=1), NOW, "without a run"),
        (NOW - timedelta(days=2000), NOW, "shorter span"),
    ):
        with pytest.raises(Invalid, match=why):
            backfill(nightly.pk, start, end, by=ADA, now=NOW)
    for unknown in (0, 2**70):
        with pytest.raises(NotFound):
            preview_backfill(unknown, START, END)
        with pytest.raises(NotFound):
            cancel_backfill(unknown, by=ADA)


def test_excluded_moments_are_left_out(nightly: Schedule) -> None:
    nightly.calendars.add(CalendarFactory.create(days=["2026-06-09"]))
    assert [each.day for each in preview_backfill(nightly.pk, START, END).moments] == [8, 10]

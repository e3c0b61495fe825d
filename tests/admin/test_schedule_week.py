"""The week of schedules: what ran, what did not and why, and what is to come."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from tests.admin.conftest import text_of
from tests.support.actors import who
from workflow_triggers.admin.week import week_of
from workflow_triggers.models import Occurrence, Outcome, Schedule
from workflow_triggers.operations.schedules import create_schedule, set_enabled
from workflows.models import RunState, WorkflowRun, WorkflowTemplate

MONDAY = datetime(2026, 10, 19, tzinfo=UTC)
WEEK = "/admin/workflow_triggers/schedule/week/"
LATER = date(2050, 1, 3)


def scheduled(template: WorkflowTemplate, name: str, cron: str) -> Schedule:
    return create_schedule(template.pk, {"name": name, "cron": cron, "zone": "UTC"}, by=who("ada"))


def occurred(
    schedule: Schedule, moment: datetime, outcome: str, reason: str = "", run_id: int | None = None
) -> None:
    Occurrence.objects.create(
        schedule=schedule, moment=moment, outcome=outcome, reason=reason, run_id=run_id
    )


def items(first: date, zone: str = "UTC", kind: str = "") -> list[tuple[int, int, str, str]]:
    """Return day, half hour, kind and note of each line."""
    week = week_of(first, ZoneInfo(zone), kind=kind)
    return [
        (number, item.slot, item.kind, item.note)
        for number, day in enumerate(week.days)
        for item in day.items
    ]


def test_moments_stand_in_their_half_hours_of_the_zone(template: WorkflowTemplate) -> None:
    nightly = scheduled(template, "nightly", "0 2 * * *")
    run = WorkflowRun.objects.create(
        state=RunState.SUCCESS, started_at=MONDAY, finished_at=MONDAY + timedelta(minutes=44)
    )
    bad = WorkflowRun.objects.create(state=RunState.FAILED)
    occurred(nightly, MONDAY + timedelta(hours=2), Outcome.RUN, run_id=run.pk)
    occurred(nightly, MONDAY + timedelta(days=1, hours=2), Outcome.RUN, run_id=bad.pk)
    occurred(nightly, MONDAY + timedelta(days=2, hours=2, minutes=30), Outcome.SKIPPED, "run 1")

    assert items(MONDAY.date()) == [
        (0, 4, "made", "44 min"),
        (1, 4, "failed", "failed"),
        (2, 5, "none", "no run"),
    ]
    assert items(MONDAY.date(), "Europe/Berlin")[0] == (0, 8, "made", "44 min")
    assert items(MONDAY.date(), kind="none") == [(2, 5, "none", "no run")]


def test_what_is_often_is_folded_and_tells_the_worst(template: WorkflowTemplate) -> None:
    hourly = scheduled(template, "hourly", "0 * * * *")
    for hour in range(24):
        outcome = Outcome.MISSED if hour == 5 else Outcome.RUN
        occurred(hourly, MONDAY + timedelta(hours=hour), outcome)

    [day, *_] = week_of(MONDAY.date(), ZoneInfo("UTC")).days
    assert [(each.count, each.kind, each.note) for each in day.items] == [(24, "none", "1 no run")]


def test_to_come_are_moments_of_schedules_also_of_disabled_ones(
    template: WorkflowTemplate,
) -> None:
    scheduled(template, "weekly", "0 4 * * 4")
    off = scheduled(template, "off", "0 5 * * 4")
    set_enabled(off.pk, False, by=who("ada"), reason="locked")

    assert items(LATER) == [(3, 8, "to-come", "04:00"), (3, 10, "to-come", "disabled")]


def test_frequent_schedule_far_away_costs_a_bounded_number_of_moments(
    template: WorkflowTemplate,
) -> None:
    scheduled(template, "always", "* * * * *")
    week = week_of(LATER, ZoneInfo("UTC"))
    assert sum(item.count for day in week.days for item in day.items) <= 24 * 7 + 1


def test_page_explains_a_moment_without_run(root: Client, template: WorkflowTemplate) -> None:
    nightly = scheduled(template, "nightly", "0 2 * * *")
    occurred(nightly, MONDAY + timedelta(hours=2), Outcome.SKIPPED, "run 12 was still running")

    found = text_of(root.get(WEEK, {"day": "2026-10-21", "zone": "UTC"}))
    assert "19 to 25 October 2026" in found
    assert "run 12 was still running" in found
    assert "If one is still goingmake no run" in " ".join(found.split())


@pytest.mark.parametrize("view", ["week", "day", "list", "nonsense"])
@pytest.mark.parametrize(
    "query",
    [{}, {"day": "x", "zone": "y", "kind": "z"}, {"day": "9999-12-31"}, {"day": "0001-01-01"}],
)
def test_any_address_is_answered(root: Client, view: str, query: dict[str, str]) -> None:
    assert root.get(WEEK, {"view": view, **query}).status_code == 200

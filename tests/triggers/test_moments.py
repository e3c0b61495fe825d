"""Which moments a cron expression has, in words and around changes of clocks."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from workflow_triggers.models import Calendar, Schedule
from workflow_triggers.moments import (
    check_cron,
    check_zone,
    exclusion,
    first_moment,
    moments_between,
    next_moments,
    words,
)

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def moments(cron: str, zone: str, start: str, end: str) -> list[str]:
    schedule = Schedule(cron=cron, zone=zone)
    found = moments_between(schedule, at(start), at(end))
    return [f"{moment:%m-%dT%H:%M}" for moment in found]


# By hand, in UTC: which moments there are from noon to noon around a change of clocks.
CHANGES = [
    ("30 2 * * *", BERLIN, "2026-03-28T12:00Z", ["03-29T01:00"]),  # 03:00, as 02:30 is skipped
    ("0,30 2 * * *", BERLIN, "2026-03-28T12:00Z", ["03-29T01:00"]),
    ("0 3 * * *", BERLIN, "2026-03-28T12:00Z", ["03-29T01:00"]),
    ("30 2 * * *", BERLIN, "2026-10-24T12:00Z", ["10-25T00:30"]),  # the first 02:30
    ("0,30 2 * * *", BERLIN, "2026-10-24T12:00Z", ["10-25T00:00", "10-25T00:30"]),
    ("30 2 * * *", "Australia/Lord_Howe", "2026-10-03T02:00Z", ["10-03T15:30"]),  # by 30 minutes
    ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T02:00Z", ["10-03T15:30"]),
    ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T02:00Z", ["04-04T14:45"]),
    ("30 2 * * *", "America/Sao_Paulo", "2026-10-03T12:00Z", ["10-04T05:30"]),  # no more changes
    ("30 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00Z", ["11-04T03:00"]),  # 01:00
    ("30 23 * * *", "America/Sao_Paulo", "2018-02-17T12:00Z", ["02-18T01:30"]),
    ("30 2 * * *", "UTC", "2026-03-28T12:00Z", ["03-29T02:30"]),
]


@pytest.mark.parametrize(("cron", "zone", "start", "expected"), CHANGES)
def test_a_daily_moment_comes_once_on_the_day_of_a_change(
    cron: str, zone: str, start: str, expected: list[str]
) -> None:
    end = (at(start) + timedelta(days=1)).isoformat()
    assert moments(cron, zone, start, end) == expected


@pytest.mark.parametrize("zone", [BERLIN, "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"])
@pytest.mark.parametrize("day", ["2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24"])
def test_every_five_minutes_goes_on_over_a_change(zone: str, day: str) -> None:
    found = list(
        moments_between(
            Schedule(cron="*/5 * * * *", zone=zone), at(f"{day}T12:00Z"), at(f"{day}T23:59Z")
        )
    )
    assert len(found) == 12 * 12 - 1
    assert {b - a for a, b in pairwise(found)} == {timedelta(minutes=5)}


@pytest.mark.parametrize("cron", ["30 2 * * *", "*/30 2 * * *", "15,45 1-3 * * *", "0 * * * *"])
@pytest.mark.parametrize("zone", [BERLIN, "Australia/Lord_Howe"])
@pytest.mark.parametrize("day", ["2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24"])
def test_moments_are_the_same_wherever_one_begins(cron: str, zone: str, day: str) -> None:
    schedule = Schedule(cron=cron, zone=zone)
    start, end = at(f"{day}T10:00Z"), at(f"{day}T10:00Z") + timedelta(days=1)
    expected = list(moments_between(schedule, start, end))
    stepwise: list[datetime] = []
    minute = start
    while minute < end:
        after = minute + timedelta(minutes=7)
        stepwise += moments_between(schedule, minute, min(after, end))
        minute = after
    assert stepwise == expected


def test_rare_days_end() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    leap = Schedule(cron="0 0 29 2 *", zone=BERLIN)
    assert [each.year for each in next_moments(leap, start, 3)] == [2028, 2032, 2036]
    assert first_moment(Schedule(once_at=start), start) is None
    assert first_moment(leap, datetime(9998, 3, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 2 * * 1-5", "At 02:00, Monday to Friday"),
        ("@daily", "At 00:00 every day"),
        ("*/5 * * * *", "Every fifth minute of every hour"),
        ("0 9-17 * * *", "At minute 0 past every hour from 9 to 17"),
    ],
)
def test_words(cron: str, expected: str) -> None:
    assert words(cron) == expected


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* * * *",
        "* * * * * *",
        "61 * * * *",
        "0 0 31 2 *",
        "@reboot",
        "0 0 * * L/2",
        "1#²",
        "0 0 * * 1#9",
        "a b c d e",
        "0" * 300,
        "-1 * * * *",
        "*/0 * * * *",
    ],
)
def test_wrong_expressions_are_named_with_a_remedy(cron: str) -> None:
    problems = list(check_cron(cron, BERLIN))
    assert len(problems) == 1
    assert any(word in problems[0] for word in ("ive", "known", "no such day")), problems


def test_unknown_zone_gets_the_nearest() -> None:
    assert list(check_zone(BERLIN)) == []
    assert "did you mean Europe/Berlin?" in next(check_zone("Europe/Berlln"))
    assert "IANA" in next(check_zone("../etc/passwd"))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-12-30T23:30Z", "inventory"),  # the 31st in Berlin
        ("2026-12-31T23:30Z", None),
        ("2026-12-25T12:00Z", "Works council"),
        ("2026-07-01T10:00Z", "freeze"),
        ("2026-07-01T12:00Z", None),  # until is not part of it
        ("2026-06-06T10:00Z", "weekend"),
        ("2026-06-08T20:30Z", "night"),  # Monday, 22:30
        ("2026-06-09T03:30Z", "night"),  # Tuesday, 05:30
        ("2026-06-09T20:30Z", None),
    ],
)
def test_exclusions_are_those_of_the_zone(moment: str, expected: str | None) -> None:
    calendar = Calendar(
        name="Works council",
        days=["2026-12-25", {"day": "2026-12-31", "title": "inventory"}],
        spans=[{"from": "2026-07-01T10:00Z", "until": "2026-07-01T14:00+02:00", "title": "freeze"}],
        weekly=[
            {"days": ["sat", "sun"], "from": "00:00", "until": "24:00", "title": "weekend"},
            {"days": ["mon"], "from": "22:00", "until": "06:00", "title": "night"},
        ],
    )
    assert exclusion([calendar], at(moment), BERLIN) == expected

"""`manage.py schedules`."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.factories import CalendarFactory, ScheduleFactory, TemplateFactory
from workflow_triggers.models import Occurrence
from workflow_triggers.retention import remove_old_occurrences
from workflows.models.actor import NOBODY

pytestmark = pytest.mark.django_db


def schedules(*arguments: str) -> list[str]:
    output = StringIO()
    call_command("schedules", *arguments, stdout=output)
    return output.getvalue().splitlines()


def rows(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in schedules(*arguments, "--json")]


def test_lists_schedules_in_words() -> None:
    assert schedules() == ["There is no schedule."]
    template = TemplateFactory.create(name="etl")
    ScheduleFactory.create(name="nightly", template=template, cron="0 2 * * 1-5")
    ScheduleFactory.create(name="off", is_enabled=False)
    [line] = schedules("--template", "etl")
    assert "etl  nightly  At 02:00, Monday to Friday (UTC)" in line
    assert [row["is_enabled"] for row in rows()] == [True, False]
    assert rows("--template", "nothing") == []


def test_foresees_moments_and_exclusions_and_does_nothing() -> None:
    today = timezone.now().date()
    days = [str(today + timedelta(days=n)) for n in range(3)]
    CalendarFactory.create(name="holidays", days=days)
    ScheduleFactory.create(cron="0 2 * * *", calendars=["holidays"])
    ScheduleFactory.create(cron="0 3 * * *", is_enabled=False)
    found = rows("--preview", "10d")
    assert len(found) == 10
    assert {row["excluded"] for row in found} == {"holidays", None}
    assert "excluded: holidays" in "".join(schedules("--preview", "48h"))
    assert not Occurrence.objects.exists()
    for wrong in ("30", "d", "9999d", "1m"):
        with pytest.raises(CommandError, match="give 12h"):
            schedules("--preview", wrong)


def test_resumes_from_now() -> None:
    ScheduleFactory.create(cron="0 * * * *", now=timezone.now() - timedelta(days=2))
    assert rows("--resume-from-now") == [{"written_off": 1}]
    assert rows("--resume-from-now") == [{"written_off": 0}]
    assert Occurrence.objects.get().count == 48


@pytest.mark.parametrize(("keep", "kept"), [(1, 1), (0, 2), (30, 2)])
def test_old_occurrences_go_with_the_runs(settings: Any, keep: int, kept: int) -> None:
    settings.KEEP_RUNS_DAYS = keep
    schedule = ScheduleFactory.create()
    for days in (0, 2, 400):
        at = timezone.now() - timedelta(days=days)
        Occurrence.objects.create(schedule=schedule, moment=at, outcome="missed")
    remove_old_occurrences(by=NOBODY)
    assert Occurrence.objects.count() == kept

"""Two that remove at once, and somebody who works on a run at that moment."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.retention.conftest import EndedRun, all_findings, retain, rows_left
from tests.support.actors import who
from tests.support.rivals import rival_before
from tests.support.threads import at_once
from tests.support.verbs import task
from workflows import operations
from workflows.errors import NotFound
from workflows.models import Event, EventType, RunRecord, WorkflowRun
from workflows.retention import removal
from workflows.retention.limits import RUNS, due
from workflows.retention.removal import mark_removed

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def keep_a_day(settings: Settings) -> None:
    """Keep runs for a day."""
    settings.KEEP_RUNS_DAYS = 1


def test_two_at_once_remove_each_run_once(ended: EndedRun) -> None:
    runs = {ended().pk for _ in range(6)}
    done = at_once([partial(retain, in_days=2)] * 3)
    assert sum(each["runs removed"] for each in done if not isinstance(each, Exception)) == 6
    assert [each for each in done if isinstance(each, Exception)] == []
    assert rows_left() == {}
    events = Event.objects.filter(event_type=EventType.RUN_REMOVED)
    assert sorted(event.payload["run_id"] for event in events) == sorted(runs)
    numbers = RunRecord.objects.order_by("line_number").values_list("line_number", flat=True)
    assert [*numbers] == [1, 2, 3, 4, 5, 6]
    assert all_findings() == []


def test_who_has_waited_for_another_goes_on_with_the_next_runs(
    ended: EndedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "MOST_RUNS", 1)
    for _ in range(2):
        ended()
    [rule] = [each for each in due(RUNS, timezone.now() + timedelta(days=2)) if each.runs.exists()]
    mark = partial(mark_removed, rule.runs, by=who("cron"), reason=rule.reason)
    with rival_before('FROM "workflows_lastlook"', mark):
        assert mark() == 1
    assert not WorkflowRun.objects.exists()


def test_run_that_is_retried_at_this_moment_stays(ended: EndedRun) -> None:
    run = ended()
    retry = partial(operations.retry_downstream, task(run, "b").pk, by=who("ada"))
    [rule] = [each for each in due(RUNS, timezone.now() + timedelta(days=2)) if each.runs.exists()]
    with rival_before("FOR UPDATE SKIP LOCKED", retry):
        assert mark_removed(rule.runs, by=who("cron"), reason=rule.reason) == 0
    assert WorkflowRun.objects.get().state == "running"
    assert all_findings() == []


def test_run_that_is_removed_at_this_moment_cannot_be_retried(ended: EndedRun) -> None:
    run = ended()
    b = task(run, "b").pk
    with (
        rival_before("FOR NO KEY UPDATE", partial(retain, in_days=2)),
        pytest.raises(NotFound, match="not found"),
    ):
        operations.retry_downstream(b, by=who("ada"))
    assert rows_left() == {}
    assert all_findings() == []

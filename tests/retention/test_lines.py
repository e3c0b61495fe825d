"""What stays of removed runs is chained: whatever is changed in it, or missing, is found."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from pytest_django import Settings

from tests.exports.exported import exported
from tests.retention.conftest import EndedRun, all_findings, retain
from workflows.models import Event, EventType, RunRecord
from workflows.runs.lines import LINE_COLUMNS


@pytest.fixture
def lines(ended: EndedRun, settings: Settings) -> list[RunRecord]:
    """Remove three runs, one after the other; return their lines."""
    settings.KEEP_RUNS_DAYS = 1
    for _ in range(3):
        ended(parameters={"n": 1.5})
        retain(in_days=2)
    found = list(RunRecord.objects.order_by("line_number"))
    assert [line.line_number for line in found] == [1, 2, 3]
    assert all_findings() == []
    return found


NOT_TOLD = "events of its removal: expected 1, found 0"


def removals() -> QuerySet[Event]:
    """Return the events that tell of removals."""
    return Event.objects.filter(event_type=EventType.RUN_REMOVED).order_by("pk")


def changed(value: Any) -> Any:
    """Return another value of the same type."""
    if isinstance(value, str):
        return f"{value[:-1]}~"
    if isinstance(value, dict):
        return {**value, "other": 1}
    if value is None:
        return 7
    return value + (1 if isinstance(value, int) else timedelta(hours=1))


def test_each_column_of_a_line_is_protected(lines: list[RunRecord]) -> None:
    line = lines[1]
    others = {"trigger": {"kind": "schedule"}, "line_number": 9}
    for column in {*LINE_COLUMNS} - {"run_id"}:
        kept = getattr(line, column)
        row = RunRecord.objects.filter(pk=line.pk)
        row.update(**{column: others.get(column, changed(kept))})
        assert any(f"workflow run {line.pk}" in finding for finding in all_findings()), column
        row.update(**{column: kept})
    assert all_findings() == []


def test_a_missing_line_is_found(lines: list[RunRecord]) -> None:
    for line in lines:
        RunRecord.objects.filter(pk=line.pk).delete()
        assert any(f"workflow run {line.pk}" in finding for finding in all_findings())
        line.save(force_insert=True)
    assert all_findings() == []


def test_event_of_a_removal_is_protected(lines: list[RunRecord]) -> None:
    removals().filter(pk=removals()[0].pk).update(actor="somebody else")
    [finding] = all_findings()
    assert "workflow_run.removed: expected as it was written" in finding


def test_a_run_that_somebody_deletes_is_still_found(
    lines: list[RunRecord], ended: EndedRun
) -> None:
    run = ended()
    RunRecord.objects.filter(pk=run.pk).update(removed_at=run.created_at, removed_reason="forged")
    assert any("a line of the chain" in finding for finding in all_findings())


@pytest.mark.parametrize("payload", [{}, [1], "x", {"run_id": "x"}, {"run_id": 2**80}])
def test_event_of_a_removal_with_nonsense_is_found(lines: list[RunRecord], payload: Any) -> None:
    removals().filter(pk=removals()[0].pk).update(digest=None, payload=payload)
    findings = all_findings()
    assert any("workflow_run.removed: expected as it was written" in each for each in findings)
    assert f"workflow run {lines[0].pk}: {NOT_TOLD}" in findings
    assert [line["run_id"] for line in exported("runs")] == [line.pk for line in lines[1:]]


def test_event_of_a_removal_needs_its_digest(lines: list[RunRecord]) -> None:
    removals().filter(pk=removals()[0].pk).update(digest=None, actor="somebody else")
    [finding] = all_findings()
    assert "workflow_run.removed: expected as it was written" in finding


def test_a_missing_event_of_a_removal_is_found(lines: list[RunRecord]) -> None:
    removals()[1].delete()
    assert all_findings() == [f"workflow run {lines[1].pk}: {NOT_TOLD}"]


def test_a_second_event_of_a_removal_is_found(lines: list[RunRecord]) -> None:
    copy = removals()[1]
    copy.pk = None
    copy.save(force_insert=True)
    [finding] = all_findings()
    assert finding == f"workflow run {lines[1].pk}: events of its removal: expected 1, found 2"

"""Wherever a removal is interrupted, nothing is half there for anybody, and another goes on."""

import pytest
from pytest_django import Settings

from tests.retention.conftest import EndedRun, all_findings, record_of, retain, rows_left
from tests.support.actors import who
from workflows.db import failpoints
from workflows.models import WorkflowRun
from workflows.retention import removal, rows
from workflows.retention.rows import delete_some_rows


class Killed(BaseException):
    """The process has been killed."""


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> None:
    """Die right before the lines of removed runs are committed."""

    def trap(name: str) -> None:
        if name == "retention.marked":
            raise Killed

    monkeypatch.setattr(failpoints, "trap", trap)


def test_run_whose_line_was_not_stored_is_all_there(
    ended: EndedRun, settings: Settings, kill: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KEEP_RUNS_DAYS = 1
    run, before = ended(), rows_left()
    with pytest.raises(Killed):
        retain(in_days=2)
    assert rows_left() == before
    assert record_of(run).removed_at is None
    assert all_findings() == []
    monkeypatch.setattr(failpoints, "trap", None)
    assert retain(in_days=2)["runs removed"] == 1
    assert rows_left() == {}


def test_run_is_gone_for_everybody_with_its_first_row(
    ended: EndedRun, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST_TASKS", 1)
    run = ended()
    runs = WorkflowRun.objects.filter(pk=run.pk)
    removal.mark_removed(runs, by=who("ada"), reason="asked for")
    counts = []
    while delete_some_rows() is not None:
        assert not WorkflowRun.objects.exists()
        assert all_findings() == []
        counts.append(rows_left().get("Task", 0))
    assert counts == [1, 0, 0]  # the run itself goes last
    assert rows_left() == {}


def test_row_that_says_it_is_removed_is_not_deleted_without_a_line(ended: EndedRun) -> None:
    run = ended()
    WorkflowRun.objects.filter(pk=run.pk).update(removed_at=run.created_at)
    before = rows_left()
    assert delete_some_rows() is None
    assert rows_left() == before
    [finding] = all_findings()
    assert finding.endswith("expected the run that its record tells of, found none: it is gone")

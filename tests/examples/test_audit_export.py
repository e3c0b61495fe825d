"""The export for an audit: every event once, whenever it was killed; one file a day."""

import json
import os
import signal
from functools import partial
from pathlib import Path

import pytest
from django.db import connections

from examples.functions import audit
from tests.examples.running import run_example
from tests.management.conftest import wait_for
from tests.support.drawing import DrawRun
from tests.support.verbs import walk
from workflows.exports.events import EventExport
from workflows.models import Event


def lines(folder: Path, what: str) -> list[int]:
    """Return the cursors of all lines, the oldest file first."""
    files = sorted(folder.glob(f"{what}-*.jsonl"))
    return [json.loads(line)["cursor"] for file in files for line in file.read_bytes().splitlines()]


def trail() -> list[int]:
    """Return the ids of all events."""
    return [*Event.objects.order_by("id").values_list("pk", flat=True)]


@pytest.mark.django_db(transaction=True)
def test_each_export_continues_the_files_of_the_last(runs: DrawRun, tmp_path: Path) -> None:
    walk(runs("a"), "a")
    audit.export("events", str(tmp_path))
    [today] = tmp_path.glob("events-*.jsonl")
    run, done = run_example("audit_export", directory=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    last = lines(tmp_path, "events")[-1]
    assert lines(tmp_path, "events") == [each for each in trail() if each <= last]
    assert Event.objects.get(pk=last).run_id == run.pk
    today.rename(tmp_path / "events-2026-01-31.jsonl")
    audit.export("events", str(tmp_path))
    assert lines(tmp_path, "events") == trail()
    assert len([*tmp_path.glob("events-*.jsonl")]) == 2
    ends = Event.objects.filter(event_type="workflow_run.succeeded").order_by("id")
    audit.export("runs", str(tmp_path))
    assert lines(tmp_path, "runs") == [*ends.values_list("pk", flat=True)]


@pytest.mark.django_db
def test_files_that_were_moved_away_are_not_written_again(runs: DrawRun, tmp_path: Path) -> None:
    runs("a")
    first = audit.export("events", str(tmp_path))
    Path(first["file"]).unlink()
    runs("b")
    assert audit.export("events", str(tmp_path))["lines"] == 2
    assert lines(tmp_path, "events") == trail()[2:]


@pytest.mark.django_db(transaction=True)
def test_every_event_is_there_once_after_exports_were_killed_while_runs_were_written(
    runs: DrawRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EventExport, "batch", 2)
    for _ in range(3):
        walk(runs("a > b > c"), "a", "b", "c")
        size = written(tmp_path)
        connections.close_all()
        child = exporting(tmp_path)
        walk(runs("a > b"), "a", "b")
        wait_for(partial(has_grown, tmp_path, size))
        walk(runs("a"), "a")
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        walk(runs("a"), "a")
    audit.export("events", str(tmp_path))
    assert lines(tmp_path, "events") == trail()


def exporting(folder: Path) -> int:
    """Start a process that exports again and again; return its id."""
    if child := os.fork():
        return child
    try:
        while True:
            audit.export("events", str(folder))
    finally:
        os._exit(1)


def has_grown(folder: Path, size: int) -> bool:
    """Return True if more bytes have been exported than there were."""
    return written(folder) > size


def written(folder: Path) -> int:
    """Return how many bytes have been exported."""
    return sum(file.stat().st_size for file in folder.glob("events-*.jsonl"))

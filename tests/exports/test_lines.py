"""What the lines say: all of each event, and how each run has ended."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.exports.exported import exported, ids
from tests.factories import RunFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import dispatch, dispatch_all, events, finish, task, walk
from workflows import operations
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.exports import lines
from workflows.exports.events import EventExport
from workflows.exports.runs import REMOVAL, RunExport
from workflows.models import Event, RunRecord, WorkflowRun
from workflows.retention.removal import mark_removed
from workflows.retention.rows import delete_some_rows
from workflows.runs.creation import create_run

pytestmark = pytest.mark.django_db

TEMPLATE = {
    "name": "copy",
    "steps": [{"step_id": "a", "title": "A"}],
    "parameters_schema": {
        "properties": {"day": {"type": "string"}, "key": {"type": "string", "writeOnly": True}}
    },
}


def text_of(moment: Any) -> str:
    """Return a moment as it is exported, to the microsecond."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def test_line_of_an_event_has_all_of_its_columns(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run, by=who("Zoë\u2028"))
    finish(run, "a", "failed", message="no space")
    found = {line["event_type"]: line for line in exported("events")}
    failed, stored = found["task.failed"], Event.objects.get(event_type="task.failed")
    assert failed == {
        "cursor": stored.pk,
        "id": stored.pk,
        "event_type": "task.failed",
        "run_id": run.pk,
        "task_id": task(run, "a").pk,
        "actor": "runner",
        "actor_user": "",
        "actor_via": "",
        "reason": "",
        "payload": stored.payload,
        "created_at": text_of(stored.created_at),
        "digest": stored.digest,
    }
    assert stored.digest
    assert failed["payload"]["message"] == "no space"
    assert found["task.dispatched"]["actor"] == "Zoë\u2028"


def test_export_in_parts_is_the_whole(runs: DrawRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventExport, "batch", 3)
    for _ in range(3):
        walk(runs("a > b"), "a", "b")
    everything = [*Event.objects.order_by("id").values_list("pk", flat=True)]
    assert ids() == everything
    for size in (1, 4, 6, 1_000):
        got: list[int] = []
        while part := exported("events", got[-1] if got else 0, limit=size):
            assert len(part) <= size
            got += [line["cursor"] for line in part]
        assert got == everything


def test_line_of_a_run_says_what_it_was_made_of_and_how_it_ended() -> None:
    template = create_template(parse_template(TEMPLATE))
    given = {"day": "2026-01-31", "key": "swordfish"}
    run = create_run(template_id=template.pk, by=who("ada"), parameters=given)
    assert exported("runs") == []
    walk(run, "a")
    run.refresh_from_db()
    [line] = exported("runs")
    ended = Event.objects.get(event_type="workflow_run.succeeded")
    assert line == {
        "cursor": ended.pk,
        "run_id": run.pk,
        "status": "success",
        "finished_at": text_of(run.finished_at),
        "ends": 1,
        "workflow_template_id": template.pk,
        "workflow_template_name": "copy",
        "workflow_template_version": 1,
        "parameters": {"day": "2026-01-31", "key": "********"},
        "initiated_by": "ada",
        "created_by": "ada",
        "created_by_user": run.created_by_user,
        "created_by_via": run.created_by_via,
        "again_of": None,
        "trigger": None,
        "trial": None,
        "created_at": text_of(run.created_at),
        "started_at": text_of(run.started_at),
        "task_counts": run.task_counts,
        "trail_head": ended.digest,
        "trail_length": run.trail_length,
        **dict.fromkeys(REMOVAL),
    }


def test_run_that_ends_again_is_exported_again(runs: DrawRun) -> None:
    run, other = runs("a > b"), runs("a")
    dispatch_all(run)
    finish(run, "a", "failed")
    [failed] = exported("runs")
    operations.retry(task(run, "a").pk, by=who("ada"))
    assert exported("runs") == [failed]
    operations.abort(other.pk, by=who("ada"))
    walk(run, "a", "b")
    aborted, succeeded = exported("runs", failed["cursor"])
    assert exported("runs") == [aborted, succeeded]
    assert [(line["run_id"], line["status"], line["ends"]) for line in (aborted, succeeded)] == [
        (other.pk, "aborted", 1),
        (run.pk, "success", 2),
    ]
    assert (failed["status"], failed["ends"], failed["task_counts"]["failed"]) == ("failed", 1, 1)
    assert succeeded["trail_head"] == events(run)[-1].digest


def test_run_of_a_release_without_seals_has_no_trail(runs: DrawRun) -> None:
    run = runs("a")
    walk(run, "a")
    RunRecord.objects.all().delete()
    [line] = exported("runs")
    assert (line["status"], line["ends"], line["trail_head"]) == ("success", None, None)
    assert line["task_counts"]["success"] == 1


def test_export_of_any_number_of_runs_takes_four_statements_for_each_batch(
    django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in RunFactory.create_batch(5, template__drawing="a"):
        walk(run, "a")
    upto = Event.objects.latest("id").pk
    export = RunExport()
    with django_assert_num_queries(4):
        assert [batch.lines for batch in export.read(0, upto)] == [5]
    monkeypatch.setattr(RunExport, "batch", 3)
    with django_assert_num_queries(8):
        assert [batch.lines for batch in export.read(0, upto)] == [3, 2]
    assert WorkflowRun.objects.count() == 5


def test_few_ends_among_many_events_are_found_in_several_looks(
    runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        walk(runs("a"), "a")
    found, upto = exported("runs"), Event.objects.latest("id").pk
    first, second, third = (line["cursor"] for line in found)
    monkeypatch.setattr(lines, "REACH", 2)
    assert exported("runs") == found
    assert [RunExport().end_of_page(0, upto, limit) for limit in (1, 2, 4)] == [first, second, upto]
    monkeypatch.setattr(lines, "MOST_LOOKS", 1)
    assert RunExport().end_of_page(0, upto, 4) < first < third == found[-1]["cursor"]


def test_removed_run_has_a_line_for_its_removal(runs: DrawRun, script: Script) -> None:
    run = runs("a", parameters={"day": "2026-11-27"})
    walk(run, "a")
    [end] = exported("runs")
    mark_removed(WorkflowRun.objects.filter(pk=run.pk), by=who("cron"), reason="too old")
    while delete_some_rows() is not None:
        pass
    [removal] = exported("runs")
    record = RunRecord.objects.get()
    told = {name: value for name, value in removal.items() if removal[name] != end[name]}
    assert told == {
        "cursor": Event.objects.get(event_type="workflow_run.removed").pk,
        "removed_at": text_of(record.removed_at),
        "removed_by": "cron",
        "removed_reason": "too old",
        "line_number": 1,
        "line_digest": record.line_digest,
    }

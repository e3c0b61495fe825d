"""Runs that are due are removed with everything that belongs to them; one line of each stays."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from tests.retention.conftest import (
    EndedRun,
    aged,
    all_findings,
    policy,
    record_of,
    retain,
    rows_left,
)
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import dispatch_all, finish, start, task
from workflows import operations
from workflows.audit.verify import examine_run
from workflows.errors import NotFound, TokenRefused
from workflows.models import Event, EventType, RunRecord, WorkflowRun
from workflows.models.actor import Actor
from workflows.reports.runner_reports import attempt_with_token
from workflows.retention import removal
from workflows.retention.removal import mark_removed
from workflows.retention.rows import OF_RUNS, OF_TASKS

BY = Actor("7", "ada", "web")


def test_nothing_is_removed_by_default(ended: EndedRun) -> None:
    run = ended(days=9_000)
    assert retain() == {}
    assert WorkflowRun.objects.filter(pk=run.pk).exists()


def test_old_run_is_removed_and_its_line_stays(ended: EndedRun, settings: Settings) -> None:
    settings.KEEP_RUNS_DAYS = 30
    old, kept = ended(parameters={"day": "2026-11-27"}), ended()
    for run in (old, kept):
        operations.label(run.pk, labels={"team": "data"}, by=BY)
        run.refresh_from_db()
    policy(kept, keep_runs_days=32)
    before = rows_left()
    assert retain(in_days=31) == {"runs removed": 1, "tasks removed": 2}
    assert {name: 2 * n for name, n in rows_left().items()} == before
    line = record_of(old)
    assert (line.template_name, line.template_version) == (old.template_name, 1)
    assert line.parameters == {"day": "2026-11-27"}
    assert (line.state, line.task_counts["success"]) == ("success", 2)
    assert (line.trail_head, line.trail_length) == (old.trail_head, old.trail_length)
    assert line.removed_reason == "runs are kept for 30 days"
    assert record_of(kept).removed_at is None
    assert all_findings() == []


def test_trail_says_who_has_removed_which_runs(ended: EndedRun, settings: Settings) -> None:
    settings.KEEP_RUNS_DAYS = 30
    removed = [ended(days=40).pk, ended(days=50).pk]
    retain()
    events = Event.objects.filter(event_type=EventType.RUN_REMOVED).order_by("pk")
    assert [event.payload for event in events] == [{"run_id": pk} for pk in removed]
    assert {(event.actor, event.reason) for event in events} == {
        ("cron", "runs are kept for 30 days")
    }


def test_removed_run_is_not_found_and_the_error_says_what_became_of_it(
    ended: EndedRun, settings: Settings
) -> None:
    settings.KEEP_RUNS_DAYS = 1
    run = ended(days=2)
    retain()
    with pytest.raises(NotFound, match=r"not found; it was removed on .* by cron: runs are kept"):
        operations.pause(run.pk, by=BY)
    examination = examine_run(run.pk)
    assert examination.findings == []
    assert "it was removed on" in examination.sentence


def test_template_says_otherwise_than_the_setting(ended: EndedRun, settings: Settings) -> None:
    settings.KEEP_RUNS_DAYS = 30
    by_setting, shorter, for_ever = (ended(days=20), ended(days=20), ended(days=900))
    policy(shorter, keep_runs_days=7)
    policy(for_ever, keep_runs_days=0)
    policy(by_setting)
    retain()
    assert {*WorkflowRun.objects.all()} == {by_setting, for_ever}
    assert record_of(shorter).removed_reason == "runs are kept for 7 days"


def test_runs_of_deleted_templates_follow_the_setting(ended: EndedRun, settings: Settings) -> None:
    settings.KEEP_RUNS_DAYS = 30
    run = ended(days=31)
    assert run.template
    run.template.delete()
    retain()
    assert not WorkflowRun.objects.exists()
    assert record_of(run).template_name == run.template_name


def test_unfinished_runs_stay_however_old_they_are(
    runs: DrawRun, script: Script, settings: Settings
) -> None:
    settings.KEEP_RUNS_DAYS = 1
    created, running, paused, aborted = (runs("a > b") for _ in range(4))
    for run in (running, aborted):
        dispatch_all(run)
        start(run, "a")
    operations.pause(paused.pk, by=BY)
    operations.abort(aborted.pk, by=BY)
    WorkflowRun.objects.update(created_at=timezone.now() - timedelta(days=400))
    aged(aborted, 400)
    assert retain() == {}  # a task of the aborted run is still with its runner
    finish(aborted, "a", "canceled")
    retain()
    assert {*WorkflowRun.objects.all()} == {created, running, paused}


def test_kept_run_stays_until_it_is_let_go(ended: EndedRun, settings: Settings) -> None:
    settings.KEEP_RUNS_DAYS = settings.KEEP_LOGS_DAYS = settings.KEEP_SECRETS_DAYS = 1
    run = ended()
    operations.keep(run.pk, by=BY, reason="the audit of 2026")
    assert retain(in_days=9) == {}
    assert all_findings() == []
    operations.let_go(run.pk, by=BY)
    assert all_findings() == []
    assert retain(in_days=9)["runs removed"] == 1
    assert all_findings() == []


def test_run_of_an_earlier_release_gets_its_line(ended: EndedRun, settings: Settings) -> None:
    settings.KEEP_RUNS_DAYS = 1
    run = ended(days=9)
    RunRecord.objects.filter(pk=run.pk).delete()
    WorkflowRun.objects.filter(pk=run.pk).update(trail_head="", trail_length=0)
    retain()
    assert (record_of(run).state, record_of(run).line_number) == ("success", 1)
    assert all_findings() == []


def test_one_run_that_cannot_be_read_keeps_no_other(
    ended: EndedRun, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KEEP_RUNS_DAYS = 1
    spoilt, sound = ended(days=9), ended(days=9)
    WorkflowRun.objects.filter(pk=spoilt.pk).update(created_by_name="x" * 254, parameters=[1])
    RunRecord.objects.filter(pk=spoilt.pk).update(task_counts="nonsense")
    retain()
    assert not WorkflowRun.objects.filter(pk=sound.pk).exists()


def test_runs_that_cannot_be_read_keep_no_other_however_many_they_are(
    ended: EndedRun, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KEEP_RUNS_DAYS = 1
    monkeypatch.setattr(removal, "MOST_RUNS", 2)
    spoilt, sound = [ended(days=9) for _ in range(2)], [ended(days=9) for _ in range(3)]
    WorkflowRun.objects.filter(pk__in=[run.pk for run in spoilt]).update(created_by_name="spoilt")
    line_of = removal._line_of

    def fail(run: WorkflowRun, known: RunRecord | None) -> RunRecord:
        if run.created_by_name == "spoilt":
            raise ValueError
        return line_of(run, known)

    monkeypatch.setattr(removal, "_line_of", fail)
    assert retain()["runs removed"] == len(sound)
    assert {*WorkflowRun.objects.all()} == {*spoilt}


def test_wrong_token_for_a_task_that_is_being_removed_leaves_no_event(ended: EndedRun) -> None:
    run = ended()
    a = task(run, "a")
    mark_removed(WorkflowRun.objects.filter(pk=run.pk), by=BY, reason="asked for")
    with pytest.raises(TokenRefused):
        attempt_with_token(a.pk, "wrong", address="192.0.2.1")
    assert not Event.objects.filter(event_type=EventType.TASK_REPORT_REFUSED).exists()
    retain()
    assert rows_left() == {}


def test_rows_of_every_table_that_refers_to_a_run_are_deleted() -> None:
    known = {(model, column) for model, columns in OF_TASKS for column in columns}
    known |= {*OF_RUNS}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey) and field.related_model is WorkflowRun:
                assert model.__name__ in {"Task", "Event"} or (model, field.name) in known
            elif isinstance(field, models.ForeignKey) and field.related_model.__name__ == "Task":
                assert (model, field.name) in known


def test_round_takes_as_many_statements_for_many_runs_as_for_few(
    settings: Settings, ended: EndedRun
) -> None:
    settings.KEEP_RUNS_DAYS = settings.KEEP_LOGS_DAYS = settings.KEEP_SECRETS_DAYS = 1
    counts = []
    for _ in range(2):
        for _ in range(3):
            ended()
        with CaptureQueriesContext(connection) as queries:
            assert retain() == {}
        counts.append(len(queries))
    assert counts[0] == counts[1]

"""Logs and secrets may go before their runs; the trail says so, and nothing misses them."""

from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from runners.base import RunnerReport
from tests.retention.conftest import EndedRun, all_findings, policy, retain
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch_all, finish, state, task, walk
from workflows import operations
from workflows.errors import Conflict, Invalid
from workflows.models import Event, EventType, LogPiece, WorkflowRun
from workflows.reports.runner_reports import apply_runner_report
from workflows.retention import logs, rows
from workflows.retention.removal import mark_removed
from workflows.runs.again import Again

TOKEN = {"properties": {"token": {"type": "string", "writeOnly": True}}}


def printing(run: WorkflowRun, *step_ids: str) -> WorkflowRun:
    """Let each task succeed, with a log of several pieces."""
    for step_id in step_ids:
        dispatch_all(run)
        apply_runner_report(
            attempt(run, step_id), RunnerReport("success", output="a line\n" * 20_000)
        )
    return run


def pieces(run: WorkflowRun) -> int:
    """Return how many pieces the logs of a run have."""
    return LogPiece.objects.filter(attempt__task__run=run).count()


def events(run: WorkflowRun, event_type: EventType) -> int:
    """Return how many events of a type a run has."""
    return Event.objects.filter(run=run, event_type=event_type).count()


def test_logs_go_before_the_run(runs: DrawRun, script: Script, settings: Settings) -> None:
    settings.KEEP_LOGS_DAYS = 7
    settings.KEEP_RUNS_DAYS = 30
    run = printing(runs("a > b"), "a", "b")
    assert pieces(run) > 2
    assert retain(in_days=6) == {}
    assert retain(in_days=8) == {"logs removed": 1}
    assert pieces(run) == 0
    run.refresh_from_db()
    assert run.logs_removed_at
    event = Event.objects.get(run=run, event_type=EventType.RUN_LOGS_REMOVED)
    assert (event.actor, event.reason) == ("cron", "logs are kept for 7 days")
    assert all_findings() == []
    assert retain(in_days=8) == {}


def test_a_removed_log_is_not_called_empty(
    runs: DrawRun, script: Script, settings: Settings, admin_client: Client
) -> None:
    settings.KEEP_LOGS_DAYS = 7
    run = printing(runs("a"), "a")
    retain(in_days=8)
    of_a = attempt(run, "a")
    for name, pk in (("taskattempt", of_a.pk), ("task", of_a.task_id)):
        page = admin_client.get(f"/admin/workflows/{name}/{pk}/change/").content.decode()
        assert "This log was removed" in page
        assert "No output." not in page
    assert output_of("logs", run.pk) == "==> a <==\n[this log was removed]\n"
    assert output_of("logs", run.pk, "a") == "[this log was removed]\n"


@pytest.mark.parametrize("options", [[], ["--follow"]])
def test_logs_of_a_run_that_is_being_removed_are_not_printed(
    runs: DrawRun, script: Script, options: list[str]
) -> None:
    run = printing(runs("a"), "a")
    mark_removed(WorkflowRun.objects.filter(pk=run.pk), by=who("ada"), reason="asked for")
    with pytest.raises(CommandError, match="not found; it was removed on"):
        output_of("logs", run.pk, *options)


def output_of(*command: object) -> str:
    """Call a command; return what it prints."""
    out = StringIO()
    call_command(*map(str, command), stdout=out)
    return out.getvalue()


def test_a_template_says_how_long_its_logs_are_kept(
    runs: DrawRun, script: Script, settings: Settings
) -> None:
    settings.KEEP_LOGS_DAYS = 7
    longer, shorter = printing(runs("a"), "a"), printing(runs("a"), "a")
    policy(longer, keep_logs_days=0)
    policy(shorter, keep_logs_days=1)
    retain(in_days=2)
    assert (pieces(longer) > 0, pieces(shorter)) == (True, 0)


def test_interrupted_removal_of_logs_is_gone_on_with(
    runs: DrawRun, script: Script, settings: Settings, monkeypatch: object
) -> None:
    settings.KEEP_LOGS_DAYS = 7
    run = printing(runs("a > b"), "a", "b")
    monkeypatch.setattr(logs, "MOST_PIECES", 2)  # type: ignore[attr-defined]
    monkeypatch.setattr(rows, "MOST_PIECES", 2)  # type: ignore[attr-defined]
    before, of_run = pieces(run), WorkflowRun.objects.filter(pk=run.pk)
    removed = logs.remove_some_logs(of_run, by=who("cron"), reason="due")
    assert (removed, pieces(run)) == (False, before - 2)
    assert all_findings() == []  # in the middle of it
    retain(in_days=8)
    assert pieces(run) == 0
    assert events(run, EventType.RUN_LOGS_REMOVED) == 1
    assert all_findings() == []


def test_log_of_a_retry_is_kept_as_long_as_any_other(
    runs: DrawRun, script: Script, settings: Settings
) -> None:
    settings.KEEP_LOGS_DAYS = 7
    run = printing(runs("a"), "a")
    retain(in_days=8)
    operations.retry_downstream(task(run, "a").pk, by=who("ada"))
    printing(run, "a")
    assert pieces(run) > 0
    assert all_findings() == []
    retain(in_days=6)
    assert pieces(run) > 0
    retain(in_days=8)
    assert pieces(run) == 0
    assert events(run, EventType.RUN_LOGS_REMOVED) == 2
    assert all_findings() == []


def test_a_log_that_comes_back_is_found(runs: DrawRun, script: Script, settings: Settings) -> None:
    settings.KEEP_LOGS_DAYS = 7
    run = printing(runs("a"), "a")
    retain(in_days=8)
    LogPiece.objects.create(attempt=attempt(run, "a"), offset=0, text="never printed")
    [finding] = all_findings()
    assert "expected nothing, it was removed, found 1 pieces" in finding


def with_token(runs: DrawRun) -> WorkflowRun:
    """Return a run with a secret parameter that its task needs."""
    template = runs("a", payload={"command": ["deploy", "{{ params.token }}"]}).template
    assert template
    template.parameters_schema = TOKEN
    template.save()
    given = {"token": "s3cret-value"}
    return operations.start_run(template_id=template.pk, parameters=given, by=who("ada"))


def test_secrets_go_and_their_names_stay(
    runs: DrawRun, script: Script, ended: EndedRun, settings: Settings
) -> None:
    settings.KEEP_SECRETS_DAYS = 7
    secret, plain = with_token(runs), ended()
    walk(secret, "a")
    assert retain(in_days=8) == {"secrets removed": 1}
    secret.refresh_from_db()
    assert secret.encrypted_secrets == {"token": ""}
    assert secret.secret_names == ["token"]
    counts = [events(run, EventType.RUN_SECRETS_REMOVED) for run in (secret, plain)]
    assert counts == [1, 0]
    assert all_findings() == []
    assert retain(in_days=8) == {}


def test_task_that_needs_a_removed_secret_cannot_be_retried(
    runs: DrawRun, script: Script, settings: Settings
) -> None:
    settings.KEEP_SECRETS_DAYS = 7
    run = with_token(runs)
    dispatch_all(run)
    finish(run, "a", "failed")
    retain(in_days=8)
    a = task(run, "a").pk
    for retry in (
        partial(operations.retry, a),
        partial(operations.retry_downstream, a),
        partial(operations.retry_failed, run.pk),
    ):
        with pytest.raises(Conflict, match=r"needs token, a secret that was removed on \d{4}-"):
            retry(by=who("ada"))
    assert state(run) == "failed"


def test_run_again_asks_for_a_removed_secret(
    runs: DrawRun, script: Script, settings: Settings
) -> None:
    settings.KEEP_SECRETS_DAYS = 7
    run = with_token(runs)
    walk(run, "a")
    retain(in_days=8)
    again = f"token: give it again: it is secret, and that of {run} was removed on "
    with pytest.raises(Invalid, match=again):
        operations.start_run(again=Again(run.pk), by=who("ada"))


def test_run_without_anything_to_remove_is_looked_at_once(
    ended: EndedRun, settings: Settings
) -> None:
    settings.KEEP_LOGS_DAYS = settings.KEEP_SECRETS_DAYS = 7
    run = ended()
    assert retain(in_days=8) == {"logs removed": 1}
    run.refresh_from_db()
    assert run.secrets_removed_at
    assert retain(in_days=9) == {}

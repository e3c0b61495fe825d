"""`manage.py prune` says what it would remove, and removes it."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from tests.retention.conftest import EndedRun, all_findings, record_of, rows_left
from tests.support.actors import who
from workflows import operations
from workflows.management.commands import prune
from workflows.models import WorkflowRun
from workflows.retention.rows import delete_some_rows

DELETE = "workflows.retention.rounds.delete_some_rows"
TOMORROW = (timezone.now() + timedelta(days=1)).isoformat()


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command; return what it says."""
    call_command("prune", *arguments)
    return capsys.readouterr().out


def test_nothing_is_due_by_default(ended: EndedRun, capsys: pytest.CaptureFixture[str]) -> None:
    ended(days=900)
    assert said(capsys, "--dry-run") == "Nothing is due.\n"
    assert said(capsys) == "Nothing is due.\n"


def test_dry_run_says_what_would_go_by_which_rule(
    ended: EndedRun, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.KEEP_RUNS_DAYS = 30
    runs, before = [ended(days=31), ended(days=1)], rows_left()
    line = said(capsys, "--dry-run")
    assert line.startswith(f"runs: 1 run of '{runs[0].template_name}' with 2 tasks, ended ")
    assert line.endswith("(runs are kept for 30 days)\n")
    assert rows_left() == before


def test_what_is_due_by_policy_goes(
    ended: EndedRun, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.KEEP_RUNS_DAYS = 30
    old, young = ended(days=31), ended(days=1)
    assert said(capsys) == "Done: runs removed: 1, tasks removed: 2.\n"
    assert [*WorkflowRun.objects.all()] == [young]
    assert "are kept for 30 days" in record_of(old).removed_reason


def test_before_a_day_goes_whatever_the_policies_say(
    ended: EndedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    run, kept = ended(), ended()
    operations.keep(kept.pk, by=who("ada"), reason="evidence")
    assert said(capsys, "--before", TOMORROW) == "Done: runs removed: 1, tasks removed: 2.\n"
    assert [*WorkflowRun.objects.all()] == [kept]
    assert record_of(run).removed_reason.startswith("asked for: it ended before ")
    assert record_of(run).removed_via == "command"
    assert all_findings() == []


def test_only_runs_of_one_template_go(ended: EndedRun, capsys: pytest.CaptureFixture[str]) -> None:
    run, other = ended(), ended()
    said(capsys, "--before", TOMORROW, "--template", run.template_name)
    assert [*WorkflowRun.objects.all()] == [other]


@pytest.mark.parametrize("before", ["yesterday", "2026-13-01", "", "10000-01-01"])
def test_a_wrong_day_is_refused(db: None, before: str) -> None:
    with pytest.raises(CommandError, match="is not a day such as 2026-11-30"):
        call_command("prune", "--before", before)


def test_an_unknown_template_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="workflow template 'nightly' not found"):
        call_command("prune", "--template", "nightly")


def test_interrupted_command_says_what_is_done_and_the_next_goes_on(
    ended: EndedRun,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.KEEP_RUNS_DAYS = 30
    ended(days=31)
    calls = iter([delete_some_rows])

    def interrupted() -> int | None:
        if call := next(calls, None):
            return call()
        raise KeyboardInterrupt

    monkeypatch.setattr(DELETE, interrupted)
    with pytest.raises(CommandError, match=r"Interrupted. Done: runs removed: 1;") as error:
        call_command("prune")
    assert error.value.returncode == prune.INTERRUPTED
    assert rows_left() != {}
    monkeypatch.setattr(DELETE, delete_some_rows)
    assert said(capsys) == "Done: tasks removed: 2.\n"
    assert rows_left() == {}

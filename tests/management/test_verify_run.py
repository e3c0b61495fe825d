"""`manage.py verify_run`: one line per finding, and an exit code."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.tables import everything
from tests.support.verbs import dispatch, walk
from workflows.models import Event, Task, WorkflowRun


def test_clean_run_exits_0(runs: DrawRun, capsys: pytest.CaptureFixture[str]) -> None:
    run = runs("a")
    before = everything()
    call_command("verify_run", str(run.pk))
    assert capsys.readouterr().out.splitlines() == [
        f"workflow run {run.pk}: 2 events, 2 of them chained, not sealed yet",
        "Runs verified: 1. The trail explains every row; 2 of 2 events are chained.",
    ]
    assert everything() == before


def test_each_finding_is_printed_on_its_line(
    runs: DrawRun, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs("a > b")
    Task.objects.filter(run=run).update(attempt_count=1)
    with pytest.raises(CommandError, match="findings: 2, in 1 verified runs") as error:
        call_command("verify_run", str(run.pk))
    assert error.value.returncode == 1
    lines = [
        f"workflow run {run.pk}, task {task.pk}: attempts: expected 0, found 1"
        for task in run.tasks.order_by("position")
    ]
    assert capsys.readouterr().out.splitlines()[:2] == lines


def test_all_prints_the_findings_of_all_runs_as_json(
    runs: DrawRun, capsys: pytest.CaptureFixture[str]
) -> None:
    _, second = runs("a"), runs("a")
    Task.objects.filter(run=second).update(attempt_count=1)
    with pytest.raises(CommandError, match="findings: 1, in 2 verified runs"):
        call_command("verify_run", "--all", "--json")
    _, finding, _, verified = map(json.loads, capsys.readouterr().out.splitlines())
    assert verified["verified"] == {
        "runs": 2,
        "findings": 1,
        "events": 4,
        "chained": 4,
        "not_chained": 0,
        "counted": 0,
        "sealed": 0,
        "removed": 0,
        "line_number": 0,
        "line_digest": "",
    }
    assert finding == {
        "run_id": second.pk,
        "what": "attempts",
        "expected": "0",
        "found": "1",
        "task_id": second.tasks.get().pk,
        "event_id": None,
    }


def test_json_prints_the_head_of_each_chain(
    runs: DrawRun, script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs("a")
    walk(run, "a")
    call_command("verify_run", str(run.pk), "--json")
    chain, _ = map(json.loads, capsys.readouterr().out.splitlines())
    run.refresh_from_db()
    assert chain == {
        "chain": {
            "run_id": run.pk,
            "trail_head": run.trail_head,
            "trail_length": run.trail_length,
        }
    }
    assert run.trail_length == 5


def test_all_without_runs_exits_0(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_run", "--all", "--json")
    [verified] = map(json.loads, capsys.readouterr().out.splitlines())
    assert (verified["verified"]["runs"], verified["verified"]["findings"]) == (0, 0)


def test_ended_run_says_at_which_end_it_was_sealed(
    runs: DrawRun, script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs("a")
    walk(run, "a")
    dispatch(run)
    call_command("verify_run", str(run.pk))
    assert capsys.readouterr().out.startswith(
        f"workflow run {run.pk}: 7 events, 6 of them chained, 1 only count, "
        "sealed at its end, success\n"
    )


def test_runs_that_are_gone_are_named(runs: DrawRun, capsys: pytest.CaptureFixture[str]) -> None:
    run = runs("a")
    for rows in (Event.objects, Task.objects, WorkflowRun.objects):
        rows.all().delete()
    gone = f"workflow run {run.pk}: run: expected the run that its record tells of, found none"
    for arguments in (["--all"], [str(run.pk)]):
        with pytest.raises(CommandError, match="findings: 1"):
            call_command("verify_run", *arguments)
        assert gone in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["7"], "workflow run 7 not found"),
        (["x"], "argument ID"),
        ([], "one of the arguments ID --all is required"),
        (["7", "--all"], "not allowed with"),
    ],
)
def test_wrong_arguments_are_refused(db: None, arguments: list[str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("verify_run", *arguments)

"""`manage.py verify_run`: one line per finding, and an exit code."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.support.drawing import DrawRun
from tests.support.tables import everything
from workflows.models import Task


def test_clean_run_exits_0(runs: DrawRun, capsys: pytest.CaptureFixture[str]) -> None:
    run = runs("a")
    before = everything()
    call_command("verify_run", str(run.pk))
    assert capsys.readouterr().out == "Runs verified: 1. The trail explains every row.\n"
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
    assert capsys.readouterr().out.splitlines() == lines


def test_all_prints_the_findings_of_all_runs_as_json(
    runs: DrawRun, capsys: pytest.CaptureFixture[str]
) -> None:
    _, second = runs("a"), runs("a")
    Task.objects.filter(run=second).update(attempt_count=1)
    with pytest.raises(CommandError, match="findings: 1, in 2 verified runs"):
        call_command("verify_run", "--all", "--json")
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "run_id": second.pk,
        "what": "attempts",
        "expected": "0",
        "found": "1",
        "task_id": second.tasks.get().pk,
        "event_id": None,
    }


def test_all_without_runs_exits_0(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_run", "--all", "--json")
    assert capsys.readouterr().out == ""


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

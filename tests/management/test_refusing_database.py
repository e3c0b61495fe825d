"""Commands while the database refuses: one line, exit code 75; loops go on with the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command, get_commands
from django.db import connection
from django.utils import timezone

from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.refusing import refusing
from tests.support.verbs import states
from workflows.management.base import TRY_AGAIN, DatabaseCommand
from workflows.models import Task, WorkflowRun
from workflows.operations.holds import hold
from workflows.runs import bulkhead

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "backup.yaml")
COMMANDS = [
    ["create_api_token", "ada"],
    ["dispatch_ready"],
    ["dispatch_ready", "--run", "1"],
    ["export_workflow", "x"],
    ["export_history", "events"],
    ["import_workflow", EXAMPLE],
    ["run_workflow", "x"],
    ["verify_run", "--all"],
    ["tick"],
    ["rescue"],
    ["rotate_secrets"],
    ["prune"],
    ["runs"],
    ["logs", "1"],
    ["uninstall_workflows", "--yes"],
]
LOOPS = {"local_runner"}
"""They wait for the database."""


def test_no_command_is_left_out() -> None:
    ours = {name for name, app in get_commands().items() if app in {"runners", "workflows"}}
    assert {command for command, *_ in COMMANDS} | LOOPS == ours


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_statement_that_is_refused_is_one_line_and_an_exit_code(command: list[str]) -> None:
    User.objects.create(username="ada")
    TemplateFactory.create(name="x", drawing="a")
    with refusing("", "25006"), pytest.raises(CommandError) as caught:
        call_command(*command)
    assert caught.value.returncode == TRY_AGAIN
    assert "\n" not in str(caught.value)
    assert "may have been stored" not in str(caught.value)


@contextmanager
def locked(run_id: int) -> Iterator[None]:
    """Keep a run locked by somebody else."""
    connection.ensure_connection()
    with psycopg.connect(connection.connection.info.dsn) as other:
        other.execute("SELECT * FROM workflows_workflowrun WHERE id = %s FOR UPDATE", [run_id])
        yield
        other.rollback()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_dispatch_of_all_runs_leaves_out_the_one_that_is_busy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(DatabaseCommand, "lock_s", 0.3)
    busy, other = RunFactory.create_batch(2, template__drawing="a")
    with locked(busy.pk), pytest.raises(CommandError, match="1 of 2 runs refused"):
        call_command("dispatch_ready")
    assert f"workflow run {busy.pk} is busy; try again" in capsys.readouterr().err
    assert (states(busy), states(other)) == ({"a": "pending"}, {"a": "dispatched"})


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_round_of_periodic_work_leaves_out_the_run_that_is_busy(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(bulkhead, "LOCK_S", 0.3)
    busy, other = RunFactory.create_batch(2, template__drawing="a")
    for run in (busy, other):
        hold(run.tasks.get().pk, resume_at=timezone.now() + timedelta(hours=1), by=who("ada"))
    Task.objects.update(resume_at=timezone.now())
    with locked(busy.pk):
        call_command("tick")
    assert capsys.readouterr().out == "Settled: 1 released.\n"
    assert f"Workflow run {busy.pk} is set aside: workflow run {busy.pk} is busy" in caplog.text
    assert "Traceback" not in caplog.text
    assert set(Task.objects.values_list("run", "is_held")) == {(busy.pk, True), (other.pk, False)}
    call_command("tick")
    assert not Task.objects.filter(is_held=True).exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_run_whose_dispatch_is_refused_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.management.commands.run_workflow.WAIT_FOR_DATABASE_S", 0.0)
    template = TemplateFactory.create(name="x", drawing="a")
    with refusing("SELECT workflows_workflowrun", "53300"), pytest.raises(CommandError) as caught:
        call_command("run_workflow", f"#{template.pk}")
    [run] = WorkflowRun.objects.all()
    assert caught.value.returncode == TRY_AGAIN
    assert str(caught.value).startswith(f"workflow run {run.pk} was created, but nothing was")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_fault_of_ours_keeps_its_traceback() -> None:
    with refusing("", "42P01"), pytest.raises(Exception, match="<b>no</b>") as caught:
        call_command("dispatch_ready")
    assert not isinstance(caught.value, CommandError)

"""Values that Python has not, in the rows of one run: every loop and list reads the others."""

from collections.abc import Callable
from itertools import cycle
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.factories import RunnerFactory
from tests.runs.test_nonsense_rows import (
    LISTS,
    answers,
    begun,
    in_attempts,
    in_run,
    in_tasks,
    root,
    round_of_everything,
    sql,
)
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import attempt, dispatch
from workflows import periodic
from workflows.dispatch.leases import lease_left
from workflows.models import LastLook, TaskAttempt, WorkflowRun

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
__all__ = ["root"]

Spoil = Callable[[WorkflowRun], None]
POSTGRES, SQLITE = "postgresql", "sqlite"
LONG_NUMBER = '{"x": ' + "9" * 5_000 + "}"
DEEP = "[" * 3_000 + "]" * 3_000


def in_events(column: str, value: object) -> Spoil:
    statement = f"UPDATE workflows_event SET {column} = %s WHERE run_id = %s"
    return lambda run: sql(statement, value, run.pk)


def as_bytes(table: str, column: str) -> Spoil:
    statement = f"UPDATE {table} SET {column} = CAST(X'4DFC' AS TEXT) WHERE run_id = %s"
    return lambda run: sql(statement, run.pk)


IN_JSON: dict[str, Callable[[object], Spoil]] = {
    "payload": lambda value: in_tasks("payload", value),
    "parameters": lambda value: in_run("parameters", value),
    "secrets": lambda value: in_run("encrypted_secrets", value),
    "last dispatch": lambda value: in_run("last_dispatch", value),
    "result": lambda value: in_attempts("result", value),
    "attempt's payload": lambda value: in_attempts("payload", value),
    "details": lambda value: in_attempts("details", value),
    "event": lambda value: in_events("payload", value),
}
MOMENTS: dict[str, Callable[[object], Spoil]] = {
    "created": lambda value: in_run("created_at", value),
    "started": lambda value: in_run("started_at", value),
    "resume": lambda value: in_tasks("resume_at", value),
    "dispatched": lambda value: in_tasks("dispatched_at", value),
    "lease": lambda value: in_attempts("lease_expires_at", value),
    "attempt started": lambda value: in_attempts("started_at", value),
    "event": lambda value: in_events("created_at", value),
}
JSON_VALUES = {
    POSTGRES: [LONG_NUMBER, DEEP, '{"x": ' + "1" * 400 + ".5}"],
    SQLITE: [LONG_NUMBER, '{"x": 1e400}', r'{"x": "\ud800"}'],
}
MOMENT_VALUES = {
    POSTGRES: ["infinity", "-infinity", "4000-01-01 BC", "12000-01-01"],
    SQLITE: ["2026-99-99 00:00:00", "never", "12000-01-01 00:00:00"],
}


def spoils(vendor: str) -> dict[str, Spoil]:
    """Return what spoils a run, by name: each column with one value, each value in a column."""
    found = {
        f"{name} {value[:15]}": spoil(value)
        for values, columns in ((JSON_VALUES, IN_JSON), (MOMENT_VALUES, MOMENTS))
        for (name, spoil), value in zip(columns.items(), cycle(values[vendor]), strict=False)
    }
    if vendor == SQLITE:
        found["title"] = as_bytes("workflows_task", "title")
        found["note"] = as_bytes("workflows_task", "note")
        found["reason"] = as_bytes("workflows_event", "reason")
    return found


@pytest.fixture
def beside(runs: DrawRun, script: Script) -> tuple[list[WorkflowRun], dict[str, WorkflowRun]]:
    """Return two sound runs, the first and the last, and between them one for each value."""
    names = spoils(connection.vendor)
    made = [begun(runs) for _ in range(len(names) + 2)]
    TaskAttempt.objects.update(lease_expires_at=timezone.now())
    sick = dict(zip(names, made[1:-1], strict=True))
    for name, run in sick.items():
        names[name](run)
    return [made[0], made[-1]], sick


def test_every_loop_and_list_reads_the_other_rows(beside: Any, root: Client) -> None:
    sound, sick = beside
    round_of_everything(sound)
    with pytest.raises(CommandError, match="findings: "):
        call_command("verify_run", "--all")
    assert [(path, root.get(path).status_code) for path in LISTS] == [(path, 200) for path in LISTS]
    found = {
        name: [each for each in answers(root, run) if each[1] >= 500] for name, run in sick.items()
    }
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("options", [LONG_NUMBER, "5", "[1]"])
def test_runner_with_nonsense_keeps_no_other_from_its_tasks(
    runs: DrawRun, script: Script, options: str
) -> None:
    sound = begun(runs)
    other = RunnerFactory.create(name="odd", kind="http", url="http://127.0.0.1:1")
    for column in ("options", "credentials", "secret_names"):
        sql(f"UPDATE runners_runner SET {column} = %s WHERE id = %s", options, other.pk)
    in_tasks("runner_id", other.pk)(begun(runs))
    round_of_everything([sound])


@pytest.mark.postgres
def test_last_look_at_no_moment_of_the_calendar_is_due(db: None) -> None:
    periodic.run_all(by=who("clock"))
    sql("UPDATE workflows_lastlook SET at = 'infinity'")
    periodic._next_look["at"] = 0.0
    assert periodic.run_due(by=who("clock")).failures == {}
    assert {look.at.year for look in LastLook.objects.all()} == {timezone.now().year}


@pytest.mark.postgres
@pytest.mark.parametrize("moment", ["infinity", "12000-01-01"])
def test_lease_beyond_the_calendar_is_not_over(runs: DrawRun, moment: str) -> None:
    run = runs("a")
    dispatch(run)
    in_attempts("lease_expires_at", moment)(run)
    left = lease_left(attempt(run, "a"))
    assert left is not None
    assert left.days > 365

"""`run_workflow` shows what it does; whatever becomes of that, the work is done and reported."""

import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from tests.factories import TemplateFactory
from tests.management.conftest import MANAGE, Started, wait_for
from tests.support.actors import who
from tests.support.database import environment
from tests.support.verbs import attempt, dispatch_all, state, states, trail
from workflows.db import failpoints
from workflows.execution.attempt_report import STOPPED
from workflows.models import WorkflowRun, WorkflowTemplate
from workflows.runs.creation import create_run

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SLEEP = {"command": ["sh", "-c", "sleep 0.3; echo done"]}


def make_template(drawing: str = "a > b > c > d > e") -> None:
    """Store a template that takes a few seconds."""
    TemplateFactory.create(name="nightly", drawing=drawing, payload=SLEEP)


def states_of_the_run() -> list[str]:
    """Return the states of the tasks of the one run, once there is one."""
    return [each for run in WorkflowRun.objects.all() for each in states(run).values()]


def test_reader_that_closes_the_pipe_ends_nothing() -> None:
    make_template()
    command = " ".join([*MANAGE, "run_workflow", "nightly"])
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} | head -2"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    assert "Traceback" not in done.stderr
    assert state(WorkflowRun.objects.get()) == "success"


@pytest.mark.parametrize("hangs_up", [True, False])
def test_terminal_that_is_gone_ends_nothing(hangs_up: bool) -> None:
    make_template()
    terminal, other = pty.openpty()
    process = subprocess.Popen(
        [*MANAGE, "run_workflow", "nightly"],
        env=environment(TERM="xterm"),
        stdin=other,
        stdout=other,
        stderr=other,
        start_new_session=hangs_up,
    )
    os.close(other)
    os.read(terminal, 10)
    os.close(terminal)
    if hangs_up:
        process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 0
    assert state(WorkflowRun.objects.get()) == "success"


def test_stopped_attempts_are_reported_as_stopped(started: Started) -> None:
    make_template("a, b")
    process = started("run_workflow", "nightly")
    wait_for(
        lambda: (
            WorkflowRun.objects.exists() and "running" in states(WorkflowRun.objects.get()).values()
        )
    )
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    run = WorkflowRun.objects.get()
    assert set(states(run).values()) <= {"failed", "success"}
    assert attempt(run, "a").message in {STOPPED, ""}


def test_stopped_amid_its_dispatch_it_reports_what_it_has_claimed(
    monkeypatch: pytest.MonkeyPatch, heeded: None
) -> None:
    make_template("a > c, b")
    monkeypatch.setattr(failpoints, "trap", stop_at("run.begun"))
    with pytest.raises(SystemExit):
        call_command("run_workflow", "nightly")
    run = WorkflowRun.objects.get()
    assert states(run) == {"a": "failed", "b": "failed", "c": "pending"}
    assert {attempt(run, step).message for step in "ab"} == {STOPPED}
    assert [line for line in trail(run) if "failed" in line] == [
        "task.failed a",
        "task.failed b",
        "workflow_run.failed",
    ]


@pytest.fixture
def heeded() -> Iterator[None]:
    """Restore what the signals did before, after the test."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [(number, signal.getsignal(number)) for number in numbers]
    yield
    for number, handler in before:
        signal.signal(number, handler)


def stop_at(where: str) -> Callable[[str], None]:
    """Return what stops this process once, at a point between two commits."""
    left = [where]

    def trap(name: str) -> None:
        if name in left:
            left.clear()
            signal.raise_signal(signal.SIGTERM)

    return trap


@contextmanager
def refusing(how: str) -> Iterator[None]:
    """Have the test's database refuse while this lasts."""
    name = connection.settings_dict["NAME"]
    info = connection.connection.info
    with psycopg.connect(info.dsn, dbname="postgres", autocommit=True) as other:
        statements = {
            "away": (
                f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false',
                f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true',
            ),
            "read-only": (
                f'ALTER DATABASE "{name}" SET default_transaction_read_only = on',
                f'ALTER DATABASE "{name}" RESET default_transaction_read_only',
            ),
        }[how]
        other.execute(statements[0])
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            other.execute(statements[1])


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["away", "read-only"])
@pytest.mark.parametrize("command", [["run_workflow", "nightly"], ["local_runner"]])
def test_work_goes_on_while_the_database_refuses(
    started: Started, how: str, command: list[str]
) -> None:
    TemplateFactory.create(
        name="nightly", drawing="a", payload={"command": ["sh", "-c", "sleep 2; echo done"]}
    )
    if command == ["local_runner"]:
        template = WorkflowTemplate.objects.get()
        dispatch_all(create_run(template_id=template.pk, auto_dispatch=True, by=who("anna")))
    process = started(*command)
    wait_for(
        lambda: (
            WorkflowRun.objects.exists() and states(WorkflowRun.objects.get()) == {"a": "running"}
        )
    )
    with refusing(how):
        time.sleep(4)  # the attempt ends meanwhile, and its report is refused
    connection.close()
    run = WorkflowRun.objects.get()
    wait_for(lambda: state(run) == "success")
    assert trail(run)[-2:] == ["task.succeeded a", "workflow_run.succeeded"]
    if command != ["local_runner"]:
        assert process.wait(30) == 0

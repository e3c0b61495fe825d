"""`manage.py run_workflow`: create a run and execute it to its end."""

import json
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.factories import RunnerFactory, TemplateFactory
from tests.management.conftest import manage
from tests.support.actors import who
from tests.support.verbs import state, states
from workflows.authoring.store import change_template
from workflows.management.base import database_name
from workflows.models import Event, WorkflowRun
from workflows.runs.creation import create_run

pytestmark = pytest.mark.django_db(transaction=True)


def test_successful_run_exits_0() -> None:
    TemplateFactory.create(name="nightly", drawing="a > b", payload={"python": "noop"})
    done = manage("run_workflow", "nightly", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    run = WorkflowRun.objects.get()
    assert states(run) == {"a": "success", "b": "success"}
    assert run.initiated_by.startswith("command line (")
    printed = json.loads(done.stdout.splitlines()[-1])
    assert (printed["id"], printed["status"]) == (run.pk, "success")
    assert printed["task_counts"]["success"] == 2


def test_without_a_terminal_it_prints_a_line_for_each_event() -> None:
    TemplateFactory.create(name="nightly", drawing="a > b", payload={"python": "noop"})
    lines = manage("run_workflow", "nightly").stdout.splitlines()
    events = [line.partition(" ")[2] for line in lines]
    number = WorkflowRun.objects.get().pk
    assert events[0] == f"run {number}: created"
    assert events[-3:] == [f"run {number}: succeeded", database_name(), f"run {number} succeeded."]
    assert events.index("a: succeeded") < events.index("b: running")
    told = Event.objects.exclude(event_type="task.created")
    assert len(lines) == told.count() + 2


def test_results_of_the_last_tasks_are_printed() -> None:
    payload = {"python": "tests.add", "kwargs": {"left": 1, "right": 2}}
    TemplateFactory.create(name="nightly", drawing="a > b, a > c", payload=payload)
    lines = manage("run_workflow", "nightly").stdout.splitlines()
    assert lines[-2:] == ['Result of b: {"sum": 3}', 'Result of c: {"sum": 3}']


def test_failed_run_exits_1_with_the_reason() -> None:
    TemplateFactory.create(name="broken", drawing="a > b", payload={"command": ["false"]})
    done = manage("run_workflow", "broken")
    assert done.returncode == 1
    assert "a: failed (exit code 1)" in done.stdout
    assert state(WorkflowRun.objects.get()) == "failed"


def test_run_that_cannot_continue_by_itself_exits_2(local: Any) -> None:
    TemplateFactory.create(name="stuck", drawing="a > b", payload={"python": "noop"})
    local.is_enabled = False
    local.save()
    done = manage("run_workflow", "stuck")
    assert done.returncode == 2
    assert (
        "cannot continue by itself: `a` is ready, but runner refused: local is disabled"
        in done.stdout
    )


def test_run_that_waits_for_a_refusing_runner_says_why() -> None:
    RunnerFactory.create(name="gone", kind="http", url="http://127.0.0.1:1", is_default=True)
    TemplateFactory.create(name="nightly", drawing="a", payload={"prompt": "x"})
    done = manage("run_workflow", "nightly")
    assert done.returncode == 2
    because = "`a` is ready, but runner refused: gone: it cannot be reached"
    assert f"It cannot continue by itself: {because}" in done.stdout


def test_parameters_are_text_or_json() -> None:
    TemplateFactory.create(name="nightly", drawing="a", payload={"python": "noop"})
    parameters = ["--param", "version=1.10", "--param", "count:=5", "--param", "empty="]
    assert manage("run_workflow", "nightly", *parameters).returncode == 0
    assert WorkflowRun.objects.get().parameters == {"version": "1.10", "count": 5, "empty": ""}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "workflow template 'nowhere' not found"),
        (["nightly", "--param", "no equals"], "'no equals' is neither KEY=TEXT nor KEY:=JSON"),
        (["nightly", "--param", "a:={"], "the value after := is not valid JSON"),
        (["nightly", "--param", "a:=NaN"], "parameters: contains NaN"),
        (["nightly", "--concurrency", "0"], "'0' is not a whole number of at least 1"),
    ],
)
def test_a_wrong_argument_is_named_and_nothing_is_created(
    arguments: list[str], message: str
) -> None:
    TemplateFactory.create(name="nightly", drawing="a")
    with pytest.raises(CommandError, match=re.escape(message)):
        call_command("run_workflow", *arguments)
    assert not WorkflowRun.objects.exists()


def test_run_is_repeated_with_its_parameters() -> None:
    TemplateFactory.create(name="nightly", drawing="a", payload={"python": "noop"})
    manage("run_workflow", "nightly", "--param", "day=monday", "--param", "copies:=2")
    earlier = WorkflowRun.objects.get()
    done = manage("run_workflow", "--again", str(earlier.pk), "--param", "day=sunday", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    again = json.loads(done.stdout.splitlines()[-1])
    assert (again["again_of"], again["status"]) == (earlier.pk, "success")
    assert again["parameters"] == {"day": "sunday", "copies": 2}


def test_what_the_latest_version_excludes_is_left_out_with_a_warning() -> None:
    template = TemplateFactory.create(name="nightly", drawing="a", payload={"python": "noop"})
    run = create_run(template_id=template.pk, parameters={"day": 1, "old": 2}, by=who("ada"))
    schema = {"properties": {"day": {}}, "additionalProperties": False}
    change_template(template.pk, {"parameters_schema": schema}, by=who("ada"))

    done = manage("run_workflow", "--again", str(run.pk), "--latest")

    assert done.returncode == 0
    left_out = (
        f"Parameters of run {run.pk} are left out, because this version does not take them or "
        "would show what was secret: `old`."
    )
    assert done.stderr == f"Warning: {left_out}\n"
    assert WorkflowRun.objects.latest("pk").parameters == {"day": 1}
    assert manage("run_workflow", "--again", str(run.pk), "--latest", "-v", "0").stderr == ""


def test_missing_default_runner_is_named_before_and_after(local: Any) -> None:
    TemplateFactory.create(name="stuck", drawing="a > b", payload={"python": "noop"})
    local.is_default = False
    local.save()

    done = manage("run_workflow", "stuck")

    assert done.returncode == 2
    warning = "Warning: There is no default runner for `a`, `b`. Make a runner the default one: "
    assert done.stderr.startswith(warning)
    assert "It cannot continue by itself: `a` is ready, but runner refused: " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--again", "987654"], "workflow run 987654 not found"),
        (["x", "--latest"], "--latest needs --again RUN"),
    ],
)
def test_wrong_repetition_is_named(arguments: list[str], text: str) -> None:
    with pytest.raises(CommandError, match=text):
        call_command("run_workflow", *arguments)

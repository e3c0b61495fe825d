"""Tasks of `django.tasks`: executed by our executors, with our log, time-out and result."""

import sys
from typing import Any

import pytest

from runners import django_tasks
from runners.django_tasks import UnknownDjangoTask, find_task, loaded_tasks
from tests.execution.conftest import KEPT, Execution, log_of
from tests.factories import RunnerFactory, TemplateFactory
from tests.support.drawing import checked, template_of
from tests.support.scripted import Script
from tests.support.secrets import SCHEMA, VALUE
from workflows.authoring.checks import check_template, kinds_of_runners, warnings_of
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template, spec_of
from workflows.errors import Invalid
from workflows.operations import Actor, start_run
from workflows.payloads.secrets import MASK

SHOP = "tests.support.django_shop.tasks"
pytestmark = pytest.mark.skipif(
    not django_tasks.frameworks(), reason="needs Django 6.0 or the package django-tasks"
)


def template(payload: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**template_of("a", payload=payload), **more}


def test_task_is_executed_with_log_and_result(execution: Execution) -> None:
    attempt = execution.run(
        {
            "task": f"{SHOP}.export",
            "args": ["{{ params.day }}"],
            "kwargs": {"limit": "{{ params.limit + 1 }}"},
        },
        parameters={"day": "monday", "limit": 2},
    )
    assert (attempt.outcome, attempt.message) == ("success", "")
    assert attempt.result == {"day": "monday", "limit": 3, "run": str(attempt.run_id)}
    assert log_of(attempt) == "exporting monday\n"


def test_task_that_takes_a_context_knows_its_attempt(execution: Execution) -> None:
    attempt = execution.run({"task": f"{SHOP}.count", "kwargs": {"start": 7}})
    assert attempt.result == {"attempt": 1, "id": str(attempt.pk), "args": [], "start": 7}


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"task": f"{SHOP}.fail", "args": ["no luck"]}, "ValueError: no luck"),
        ({"task": f"{SHOP}.export"}, "TypeError: missing a required argument: 'day'"),
        ({"task": f"{SHOP}.helper"}, f"UnknownDjangoTask: '{SHOP}.helper' is no task of Django"),
        ({"task": "os.system", "args": ["ls"]}, "UnknownDjangoTask: no task is looked for in 'os'"),
        ({"task": f"{SHOP}.export", "args": "monday"}, "payload: args: 'monday' is not a list"),
        ({"task": f"{SHOP}.export", "python": "noop"}, "both 'python' and 'task'; keep one"),
        ({"task": ["x"]}, "or the path of a Django 'task'"),
    ],
)
def test_task_that_fails_gives_the_reason(
    execution: Execution, payload: dict[str, Any], message: str
) -> None:
    attempt = execution.run(payload)
    assert attempt.outcome == "failed"
    assert message in attempt.message


def test_asynchronous_task_leaves_the_slot_clean(execution: Execution) -> None:
    payload = {"task": f"{SHOP}.sleep", "args": [0.01]}
    attempts = execution.to_end(execution.drawn(dict.fromkeys("ab", payload)), concurrency=1)
    assert {attempt.result for attempt in attempts.values()} == {"rested"}


def test_slots_have_the_module_from_their_fork_server(execution: Execution) -> None:
    loaded_in, called_in = execution.run({"task": f"{SHOP}.loaded_in"}).result
    assert loaded_in != called_in


@KEPT
def test_task_that_takes_too_long_is_ended(execution: Execution) -> None:
    attempt = execution.run({"task": f"{SHOP}.wait", "args": [60]}, timeout_seconds=1)
    assert attempt.outcome == "failed"
    assert "timed out after 1 s" in attempt.message


def test_secret_reaches_the_task_and_no_row(execution: Execution) -> None:
    payload = {"task": f"{SHOP}.export", "args": ["{{ params.token }}"]}
    stored = create_template(
        parse_template(template(payload, parameters_schema=SCHEMA)), by=Actor(name="anna")
    )
    run = start_run(stored, {"token": VALUE}, by=Actor(name="anna"), auto_dispatch=True)
    attempt = execution.to_end(run)["a"]
    assert (attempt.outcome, log_of(attempt)) == ("success", f"exporting {MASK}\n")
    assert VALUE not in str([attempt.payload, attempt.result])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"task": "os.system"}, "payload.task: no task is looked for in 'os', only in modules"),
        ({"task": "tests.support.django_shop.secret_script.x"}, "no task is looked for in"),
        ({"task": f"{SHOP}.nothing"}, f"is no task of Django; tasks of {SHOP}: export, count"),
        ({"task": f"{SHOP}.helper"}, "is no task of Django"),
        ({"task": f"{SHOP}.missing.x"}, f"{SHOP}.missing cannot be imported: ModuleNotFoundError"),
        ({"task": "export"}, "no task is looked for in ''"),
        ({"task": 7}, "payload.task: must be the path of a task"),
        ({"task": f"{SHOP}.export", "args": {}}, "payload.args: must be a list"),
        ({"task": f"{SHOP}.export", "kwargs": []}, "payload.kwargs: "),
        ({"task": f"{SHOP}.export", "command": ["ls"]}, "both 'command' and 'task'; keep one"),
        ({"task": f"{SHOP}.export", "cwd": "/"}, "payload.cwd: only a 'command' reads it"),
        ({"python": "noop", "args": []}, "payload.args: only a 'task' reads it"),
        ({"task": f"{SHOP}.export", "arg": []}, "payload.arg: unknown key; did you mean 'args'?"),
    ],
)
def test_wrong_task_is_refused_when_it_is_saved(payload: dict[str, Any], text: str) -> None:
    RunnerFactory.create(name="here")
    with pytest.raises(Invalid) as refused:
        checked(template(payload, name="t"))
    assert text in str(refused.value)
    assert "tests.support.django_shop.secret_script" not in sys.modules


@pytest.mark.django_db
def test_wrong_arguments_are_a_warning() -> None:
    stored = TemplateFactory.create(
        drawing="a", payload={"task": f"{SHOP}.export", "args": ["x"], "kwargs": {"many": 1}}
    )
    [warning] = warnings_of(spec_of(stored))
    assert "does not take these: got an unexpected keyword argument 'many'" in warning


@pytest.mark.django_db
def test_host_goes_on_reading_keys_of_these_names(script: Script) -> None:
    for payload in ({"task": {"x": 1}, "args": 7}, {"task": "os.system", "cwd": "/"}):
        spec = parse_template(template_of("a", payload=payload, runner="scripted"))
        check_template(spec, kinds_of_runners())


def test_loaded_tasks_are_offered_with_what_they_do() -> None:
    find_task(f"{SHOP}.export")
    assert loaded_tasks()[f"{SHOP}.export"] == "Export the orders of a day."


def test_django_without_tasks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(django_tasks, "frameworks", dict)
    with pytest.raises(UnknownDjangoTask, match=r"they come with Django 6\.0, or with the package"):
        find_task(f"{SHOP}.export")

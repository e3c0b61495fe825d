"""What the console does as a command: each one is typed into a shell, against a running site."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken
from pytest_django.live_server_helper import LiveServer

from tests.admin.conftest import act, list_url
from tests.factories import RunFactory, RunnerFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import ask_for_approval, dispatch_all, finish, start, state, task
from workflows import operations
from workflows.admin.actions.registry import OPERATIONS
from workflows.admin.curl.doors import call_of
from workflows.api.paths import api_url
from workflows.models import Approval, Event, Task, WorkflowRun, WorkflowTemplate

COMMAND = re.compile(r'<pre class="output" tabindex="0">(.*?)</pre>', re.DOTALL)
Shell = Callable[[str], Any]
ADA = who("ada")


@pytest.fixture
def site(live_server: LiveServer, transactional_db: None) -> Client:
    """Be root in the console of the running site."""
    user, _ = User.objects.get_or_create(username="root", is_staff=True, is_superuser=True)
    client = Client(HTTP_HOST=live_server.url.removeprefix("http://"))
    client.force_login(user)
    return client


@pytest.fixture
def shell(site: Client, tmp_path: Path) -> Shell:
    """Type commands, with a token and a secret in variables; return what they answer."""
    _, token = AuthToken.objects.create(User.objects.get(username="root"))

    def run(command: str) -> Any:
        done = subprocess.run(
            ["bash", "-c", command.replace("curl -sS", "curl -sS --fail-with-body")],
            env={"PATH": os.environ["PATH"], "TOKEN": token, "API_KEY": "hush"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    return run


def commands(page: Any) -> list[str]:
    return [unescape(found) for found in COMMAND.findall(page.content.decode())]


def subjects(runs: DrawRun) -> Iterator[tuple[str, WorkflowRun | Task | Approval]]:
    """Yield each operation with a row on which it is possible."""
    for name in ("pause", "abort", "dispatch_ready", "dispatch_all_ready", "auto_dispatch_on"):
        yield name, runs("a, b")
    yield "keep", runs("a")
    yield "note", runs("a")
    yield "label", runs("a")
    for name, done in (("resume", operations.pause), ("let_go", operations.keep)):
        run = runs("a")
        done(run.pk, by=ADA, reason="why")
        yield name, run
    run = runs("a")
    operations.set_auto_dispatch(run.pk, auto_dispatch=True, by=ADA)
    yield "auto_dispatch_off", run
    for name in ("retry_failed", "cancel_rest", "retry", "mark_success", "retry_downstream"):
        run = runs("a > b, c")
        dispatch_all(run)
        finish(run, "a", "failed")
        yield name, run if name in {"retry_failed", "cancel_rest"} else task(run, "a")
    for name in ("dispatch_task", "hold", "cancel"):
        yield name, task(runs("a"), "a")
    held = task(runs("a"), "a")
    operations.hold(held.pk, by=ADA)
    yield "release", held
    for name in ("approve", "reject"):
        run = runs("a")
        ask_for_approval(run, "a")
        yield name, Approval.objects.get(task__run=run)
    lost = runs("a")
    dispatch_all(lost)
    start(lost, "a")
    yield "declare_lost", task(lost, "a")


def test_each_operation_is_done_by_the_command_of_its_row(
    site: Client, shell: Shell, runs: DrawRun
) -> None:
    tried = set()
    for name, row in subjects(runs):
        page = site.get(reverse(f"admin:workflows_{row._meta.model_name}_curl", args=[row.pk]))
        [section] = re.findall(
            f'aria-label="{OPERATIONS[name].label}".*?</section>', page.content.decode(), re.DOTALL
        )
        run_id = (
            row.pk
            if isinstance(row, WorkflowRun)
            else Task.objects.get(pk=getattr(row, "task_id", row.pk)).run_id
        )
        before = Event.objects.filter(run=run_id).count()
        shell(unescape(COMMAND.findall(section)[0]))
        assert Event.objects.filter(run=run_id).count() > before, name
        tried.add(name)
    assert {*OPERATIONS} - tried == {"ask"}  # needs a host; its address is tried below
    assert api_url(call_of(OPERATIONS["ask"], Task(pk=1)).name, pk=1)


def test_question_about_several_rows_has_one_command_for_all(
    site: Client, shell: Shell, runs: DrawRun
) -> None:
    rows = [runs("a"), runs("a"), runs("a")]

    [command] = commands(act(site, "abort", rows))
    shell(command)

    assert [state(run) for run in rows] == ["aborted"] * 3


def test_launch_form_as_command_has_what_was_entered_but_for_secrets(
    site: Client, shell: Shell
) -> None:
    schema = {
        "properties": {
            "day": {"type": "string"},
            "note": {"type": "string"},
            "api_key": {"type": "string", "writeOnly": True},
        }
    }
    template = TemplateFactory.create(drawing="a", parameters_schema=schema)
    entered = {"day": "it's $HOME", "note": 'two\nlines "so"', "api_key": "typed secret"}
    data = {f"parameter-{name}": value for name, value in entered.items()}

    page = site.post(
        f"/admin/workflows/workflowrun/add/?template={template.pk}",
        {"template": template.pk, "labels": "team=data", "_curl": "As curl", **data},
    )
    assert "typed secret" not in page.content.decode()
    assert not WorkflowRun.objects.exists()
    [command] = commands(page)
    answer = json.loads(shell(command))

    run = WorkflowRun.objects.get(pk=answer["id"])
    assert {**run.parameters, "api_key": ""} == {**entered, "api_key": ""}
    [label] = run.labels.all()
    assert (run.auto_dispatch, label.key, label.value) == (True, "team", "data")


def test_template_is_exported_imported_and_run_and_runner_disabled(
    site: Client, shell: Shell
) -> None:
    template = TemplateFactory.create(drawing="a > b", name="before")
    page = commands(site.get(f"/admin/workflows/workflowtemplate/{template.pk}/curl/"))
    read, run, export, replace, delete = page
    shell(f"{export}; sed -i s/before/after/ template.json")
    for command in (read, run, replace):
        shell(command)
    template.refresh_from_db()
    assert (template.name, WorkflowRun.objects.count()) == ("after", 1)
    shell(delete)
    assert not WorkflowTemplate.objects.exists()

    runner = RunnerFactory.create(name="gpu")
    _, disable, delete = commands(site.get(f"/admin/runners/runner/{runner.pk}/curl/"))
    shell(disable)
    runner.refresh_from_db()
    assert not runner.is_enabled
    shell(delete)


@pytest.mark.parametrize(
    ("model", "query", "left_out"),
    [
        (WorkflowRun, "state__exact=failed&created_at__gte=2026-01-01%2000:00:00%2B01:00", ""),
        (WorkflowRun, "q=state:failed%20by:ada&attention=failed&o=1&p=2", "attention=failed"),
        (Task, "state__in=failed,pending&run=1", ""),
        (Approval, "status=all", "status=all"),
        (Event, "event_type__exact=task.failed", ""),
        (WorkflowTemplate, "", ""),
    ],
)
def test_list_as_command_has_the_filters_that_the_api_has(
    site: Client, shell: Shell, model: Any, query: str, left_out: str
) -> None:
    RunFactory.create()
    listed = site.get(f"{list_url(model)}?{query}".rstrip("?"))
    [address] = re.findall(r'list-as-curl"><a href="([^"]+)"', listed.content.decode())

    page = site.get(unescape(address))

    assert (f"no filter for: {left_out}" in page.content.decode()) == bool(left_out)
    [command] = commands(page)
    assert "results" in json.loads(shell(command))

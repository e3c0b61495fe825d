"""A secret parameter reaches the commands that use it, and no page, response, file or row."""

from hashlib import sha256
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from runners.encryption import decrypt
from tests.admin.conftest import list_url, url_of
from tests.execution.conftest import Execution, log_of
from tests.factories import UserFactory
from tests.support.actors import who
from tests.support.secrets import SCHEMA, VALUE, places_of
from tests.support.verbs import dispatch_all, task
from workflows.authoring.files import export_template
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import Approval, Event, Task, TaskAttempt, WorkflowRun, WorkflowTemplate
from workflows.payloads.secrets import MASK
from workflows.runs.creation import create_run

HASH = sha256(VALUE.encode()).hexdigest()
PRINT_SECRETS = (
    "import hashlib, os, sys; token = sys.argv[1]; print('argument', token); "
    "print('bearer', os.environ['BEARER'], file=sys.stderr); "
    f"sys.exit(hashlib.sha256(token.encode()).hexdigest() != '{HASH}' "
    "or os.environ['BEARER'] != 'Bearer ' + token)"
)
COMMAND = {
    "command": ["python", "-c", PRINT_SECRETS, "{{ params.token }}"],
    "env": {"BEARER": "Bearer {{ params.token }}"},
}
ECHO = {"python": "tests.echo", "kwargs": {"value": {"a": ["x{{ params.token }}"]}}}


def run_with(**payloads: dict[str, Any]) -> WorkflowRun:
    """Return a run with a secret, whose steps have these payloads."""
    steps = [{"step_id": name, "title": name, "payload": each} for name, each in payloads.items()]
    data = {"name": "Secretive", "steps": steps, "parameters_schema": SCHEMA}
    template = create_template(parse_template(data))
    return create_run(
        template_id=template.pk, parameters={"token": VALUE, "day": "x"}, by=who("test")
    )


@pytest.fixture
def run(execution: Execution) -> WorkflowRun:
    """Return a run whose steps have put their secret into every output they have."""
    run = run_with(
        command=COMMAND,
        function=ECHO,
        raises={"python": "tests.fail", "kwargs": {"text": "no {{ params.token }}"}},
        unknown={"python": "{{ params.token }}"},
        missing={"command": ["/nowhere/{{ params.token }}"]},
    )
    execution.to_end(run)
    return run


def attempt_of(run: WorkflowRun, step_id: str) -> TaskAttempt:
    return TaskAttempt.objects.get(task__run=run, task__step_id=step_id)


def test_command_gets_the_secret_as_argument_and_in_its_environment(run: WorkflowRun) -> None:
    assert task(run, "command").state == "success"
    output = log_of(attempt_of(run, "command")).splitlines()
    assert sorted(output) == [f"argument {MASK}", f"bearer Bearer {MASK}"]


def test_secret_in_a_return_value_is_masked(run: WorkflowRun) -> None:
    assert attempt_of(run, "function").result == {"a": [f"x{MASK}"]}


@pytest.mark.parametrize(
    ("step_id", "why"),
    [
        ("raises", f"ValueError: no {MASK}"),
        ("unknown", f"no function named '{MASK}'"),
        ("missing", f"/nowhere/{MASK}"),
    ],
)
def test_secret_in_a_failure_message_is_masked(run: WorkflowRun, step_id: str, why: str) -> None:
    assert task(run, step_id).state == "failed"
    assert why in attempt_of(run, step_id).message


def test_database_has_the_secret_only_encrypted(run: WorkflowRun) -> None:
    assert decrypt(run.encrypted_secrets["token"]) == VALUE
    assert places_of() == []


def test_api_responses_do_not_contain_the_secret(run: WorkflowRun) -> None:
    api = APIClient()
    api.force_authenticate(UserFactory.create(is_superuser=True))
    tasks = list(run.tasks.values_list("pk", flat=True))
    places = [
        "/workflow-runs",
        *(f"/workflow-runs/{run.pk}{page}" for page in ("", "/graph", "/explain")),
        "/tasks",
        *(f"/tasks/{pk}{page}" for pk in tasks for page in ("", "/log")),
        "/events",
        f"/workflow-templates/{run.template_id}",
        f"/workflow-templates/{run.template_id}/versions/1",
    ]
    for place in places:
        answer = api.get(place)
        assert answer.status_code == 200
        assert VALUE not in answer.content.decode(), place
    assert api.get(f"/workflow-runs/{run.pk}").json()["parameters"]["token"] == MASK


@pytest.mark.parametrize("body", [{"limit": "all"}, {"limit": "all", "dry_run": True}])
def test_dispatch_responses_do_not_contain_the_secret(db: None, body: dict[str, Any]) -> None:
    run = run_with(command=COMMAND, function=ECHO)
    api = APIClient()
    api.force_authenticate(UserFactory.create(is_superuser=True))

    created = api.post(
        "/workflow-runs",
        {"workflow_template_id": run.template_id, "parameters": {"token": VALUE}},
    )
    answer = api.post(f"/workflow-runs/{run.pk}/dispatch-ready", body)

    assert len(answer.json()["dispatches"]) == 2
    assert VALUE not in (created.content + answer.content).decode()
    assert places_of() == []


def test_admin_pages_do_not_contain_the_secret(run: WorkflowRun, client: Client) -> None:
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    lists = [list_url(each) for each in (WorkflowRun, Task, TaskAttempt, Event, Approval)]
    rows: list[Any] = [run, *run.tasks.all(), *TaskAttempt.objects.all(), *Event.objects.all()]
    places = [*lists, *map(url_of, rows), url_of(WorkflowTemplate.objects.get())]

    for place in [reverse("admin:index"), *places]:
        page = client.get(place)
        assert page.status_code == 200
        assert VALUE not in page.content.decode(), place


def test_exported_files_do_not_contain_the_secret(run: WorkflowRun) -> None:
    assert VALUE not in export_template("Secretive")


def test_attempt_keeps_the_name_of_the_secret_instead_of_its_value(db: None) -> None:
    run = run_with(command=COMMAND)

    dispatch_all(run)

    assert "secret:token" in attempt_of(run, "command").payload["command"][-1]
    assert places_of() == []

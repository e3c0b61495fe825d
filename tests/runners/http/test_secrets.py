"""A host receives the secrets of a task; in its answers and reports they are masked."""

import pytest

from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.host_runner import HostRunner
from tests.support.secrets import SCHEMA, VALUE, places_of
from tests.support.verbs import attempt, dispatch, task
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import WorkflowRun
from workflows.payloads.secrets import MASK
from workflows.runs.creation import create_run


@pytest.fixture
def run(host: HostRunner) -> WorkflowRun:
    """Return a run whose one step has a secret in its prompt."""
    steps = [{"step_id": "a", "title": "A", "payload": {"prompt": "use {{ params.token }}"}}]
    data = {"name": "Secretive", "steps": steps, "parameters_schema": SCHEMA}
    template = create_template(parse_template(data))
    return create_run(template_id=template.pk, parameters={"token": VALUE}, by=who("test"))


def test_runner_receives_secret(run: WorkflowRun, host: HostRunner) -> None:
    dispatch(run)

    assert host.submissions[0]["prompt"] == f"use {VALUE}"
    assert places_of() == []


@pytest.mark.parametrize("status", [409, 422, 503])
def test_secret_in_refusal_is_masked(run: WorkflowRun, host: HostRunner, status: int) -> None:
    host.on_submit = lambda body: (status, {"detail": f"no: {body['prompt']}"})

    result = dispatch(run)

    assert VALUE not in str(result.as_json())
    assert places_of() == []


def test_secret_in_report_is_masked(run: WorkflowRun, host: HostRunner, callback: Callback) -> None:
    dispatch(run)

    callback(
        run,
        "a",
        "success",
        message=f"with {VALUE}",
        stdout=f"out {VALUE}\n",
        stderr=f"err {VALUE}\n",
        result={VALUE: [VALUE]},
    )

    assert task(run, "a").state == "success"
    assert attempt(run, "a").message == f"with {MASK}"
    assert attempt(run, "a").result == {MASK: [MASK]}
    assert places_of() == []

"""A host receives the secrets of a task; in its answers and reports they are masked."""

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from tests.execution.conftest import log_of
from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.host_runner import HostRunner
from tests.support.secrets import SCHEMA, VALUE, places_of
from tests.support.verbs import attempt, dispatch, task
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.dispatch.tokens import token_of
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


def test_secret_in_the_answer_to_a_submission_is_masked(run: WorkflowRun, host: HostRunner) -> None:
    host.on_submit = lambda body: (200, {"status": f"queued: {body['prompt']}"})

    result = dispatch(run)

    assert f"queued: use {MASK}" in str(result.as_json())
    assert places_of() == []


@pytest.mark.parametrize("before", [0, 93, 290, 295, 299, 370, 495])
def test_secret_is_masked_before_a_text_is_cut(
    run: WorkflowRun, host: HostRunner, before: int
) -> None:
    host.on_submit = lambda body: (409, {"detail": "." * before + VALUE})

    reason = dispatch(run).reason or ""

    assert VALUE[:4] not in reason
    assert VALUE[:4] not in task(run, "a").note


@pytest.mark.parametrize("before", [490, 495, 499])
def test_secret_in_a_detail_is_masked_before_it_is_cut(
    run: WorkflowRun, callback: Callback, before: int
) -> None:
    dispatch(run)

    callback(run, "a", "failed", worktree_cleanup_error="." * before + VALUE)

    assert VALUE[:1] not in attempt(run, "a").details["worktree_cleanup_error"]


def test_submission_is_refused_if_the_secret_cannot_be_read(
    run: WorkflowRun, host: HostRunner, settings: Settings
) -> None:
    settings.SECRETS_KEYS = [Fernet.generate_key().decode()]
    settings.SECRET_KEY = "another"

    result = dispatch(run)

    assert f"secret parameters of {run} cannot be read" in (result.reason or "")
    assert (host.submissions, task(run, "a").state) == ([], "pending")


def test_report_is_masked_as_a_whole_if_the_secret_cannot_be_read(
    run: WorkflowRun, callback: Callback, settings: Settings
) -> None:
    dispatch(run)
    token = token_of(attempt(run, "a").pk)
    settings.SECRET_KEY = "another"

    callback(run, "a", "success", token=token, message=f"with {VALUE}", stdout=VALUE, result=[7])

    ended = attempt(run, "a")
    assert (ended.message, ended.result, log_of(ended)) == (MASK, [MASK], MASK)

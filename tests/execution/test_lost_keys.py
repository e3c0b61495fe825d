"""A run whose secrets cannot be read fails its tasks with a sentence, and harms no other."""

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from tests.execution.conftest import Execution
from tests.execution.test_secrets import run_with
from tests.support.secrets import VALUE
from tests.support.verbs import attempt, trail
from workflows.models import WorkflowRun

KEYS = [Fernet.generate_key().decode() for _ in range(2)]
USES_SECRET = {"command": ["echo", "{{ params.token }}"]}


@pytest.fixture
def run(db: None, settings: Settings) -> WorkflowRun:
    """Return a run whose secret only another key can read."""
    settings.SECRETS_KEYS = KEYS[:1]
    run = run_with(a=USES_SECRET)
    settings.SECRETS_KEYS = KEYS[1:]
    return run


def test_task_fails_and_says_which_secret_cannot_be_read(
    run: WorkflowRun, execution: Execution
) -> None:
    execution.to_end(run)

    assert attempt(run, "a").message == (
        f"token: secret parameters of {run} cannot be read with the present SECRETS_KEYS: "
        "add the key that they were encrypted with, or start a new run"
    )
    assert trail(run)[-2:] == ["task.failed a", "workflow_run.failed"]


def test_payload_that_cannot_be_begun_is_quoted_without_its_secret(execution: Execution) -> None:
    run = run_with(a=USES_SECRET)
    run.tasks.update(payload={"python": "tests.echo", "kwargs": "{{ params.token }}"})

    execution.to_end(run)

    assert attempt(run, "a").message == "payload: kwargs: '********' is not an object"
    assert VALUE not in attempt(run, "a").message

"""A step that would be given masked text in place of a secret fails, and says why."""

from typing import Any

import pytest

from tests.factories import RunnerFactory
from tests.support.actors import who
from tests.support.drawing import steps_of
from tests.support.secrets import SCHEMA, VALUE
from tests.support.verbs import attempt, dispatch, finish, states, trail
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import WorkflowRun
from workflows.payloads.rendering import MASKED_RESULT
from workflows.payloads.secrets import MASK
from workflows.runs.creation import create_run

RESULT = {"token": MASK, "url": f"https://u:{MASK}@host", "rows": 42, "line": "*" * 79}


def run_with(payload: dict[str, Any], *, schema: Any = SCHEMA, **first: Any) -> WorkflowRun:
    """Return a run with a secret, whose first step has ended with a result that is masked."""
    one, two = steps_of("a > b")
    steps = [{**one, **first}, {**two, "payload": payload}]
    data = {"name": "Secretive", "steps": steps, "parameters_schema": schema}
    template = create_template(parse_template(data))
    parameters = {"token": VALUE, "day": MASK} if schema else {"day": MASK}
    run = create_run(template_id=template.pk, parameters=parameters, by=who("test"))
    dispatch(run)
    finish(run, "a", result=RESULT)
    return run


@pytest.mark.parametrize(
    "text",
    [
        "{{ tasks.a.result.token }}",
        "Bearer {{ tasks.a.result.token }}",
        "{{ tasks.a.result.url | upper }}",
        "{{ tasks.a.result }}",
        "{{ tasks['a'].result.token[:3] }}",
        "{{ tasks.a.result.token | tojson }}",
    ],
)
def test_step_that_is_given_masked_text_fails(db: None, text: str) -> None:
    run = run_with({"kwargs": {"deep": [text]}})
    dispatch(run)
    assert states(run) == {"a": "success", "b": "failed"}
    assert attempt(run, "b").message == MASKED_RESULT
    assert trail(run)[-3:] == ["task.dispatched b", "task.failed b", "workflow_run.failed"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ tasks.a.result.rows }}", 42),
        ("{{ tasks.a.result.line }}", "*" * 79),
        (f"{MASK} {{{{ tasks.a.result.rows }}}}", f"{MASK} 42"),
        ("{{ params.day }} {{ tasks.a.exit_code }}", f"{MASK} 0"),
        ("{{ '********' }} {{ tasks.a.result.rows }}", "******** 42"),
    ],
)
def test_asterisks_that_hide_no_secret_are_passed_on(db: None, text: str, value: Any) -> None:
    run = run_with({"prompt": text})
    run.tasks.get(step_id="a").attempts.update(exit_code=0)
    dispatch(run)
    assert attempt(run, "b").payload.get("prompt", attempt(run, "b").message) == value


def test_without_secrets_asterisks_are_asterisks(db: None) -> None:
    run = run_with({"prompt": "{{ tasks.a.result.token }}"}, schema={})
    dispatch(run)
    assert attempt(run, "b").payload["prompt"] == MASK


def test_secret_of_the_runner_of_the_first_step_counts(db: None) -> None:
    RunnerFactory.create(name="with-secrets", secret_names=["API_KEY"])
    run = run_with({"prompt": "{{ tasks.a.result.token }}"}, schema={}, runner="with-secrets")
    dispatch(run)
    assert attempt(run, "b").message == MASKED_RESULT

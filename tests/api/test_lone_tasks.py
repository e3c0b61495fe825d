"""The payload of a task that is in no run is checked as a template's, as far as that can be."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from runners.models import Runner
from tests.authoring.template_mistakes import MISTAKES
from tests.factories import RunnerFactory
from workflows.models import Task

NO_STEPS = "follows no steps"
ALONE = [
    (template["steps"][1], named.removeprefix("step 'b': payload").lstrip(".: "), remedy)
    for template, named, remedy in MISTAKES
    if named.startswith("step 'b': payload") and "parameters_schema" not in template
    if len(template["steps"]) == 3
]
"""The mistakes of templates that lie in one payload alone."""


@pytest.fixture
def gpu(db: None) -> Runner:
    """Return a runner on another host."""
    runner: Runner = RunnerFactory.create(name="gpu", kind="http", url="http://gpu-1")
    return runner


def test_the_table_has_most_of_the_mistakes() -> None:
    assert len(ALONE) > 20


@pytest.mark.parametrize(("step", "named", "remedy"), ALONE)
def test_mistake_in_a_payload_is_named_for_a_lone_task_too(
    api: APIClient, local: Runner, gpu: Runner, step: dict[str, Any], named: str, remedy: str
) -> None:
    body = {name: value for name, value in step.items() if name in {"title", "runner", "payload"}}

    answer = api.post("/tasks", body)

    assert answer.status_code == 400, answer.content
    [text, *_] = answer.json()["payload"]
    if "{{ tasks." in text:
        assert NO_STEPS in text
    else:
        assert named in text
        assert remedy in text
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"python": "noop"},
        {"command": ["echo", "{{ params.day | default('x') }}", "{{ run.id }}"]},
        {"command": ["echo", "{{ task.attempt }}"]},
    ],
)
def test_what_the_later_run_may_bring_is_accepted(
    api: APIClient, local: Runner, payload: dict[str, Any]
) -> None:
    assert api.post("/tasks", {"title": "x", "payload": payload}).status_code == 201


def test_check_takes_the_same_statements_whatever_the_number_of_runners(
    api: APIClient, local: Runner
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as statements:
            body = {"title": "x", "runner": "local", "payload": {"python": "noop"}}
            assert api.post("/tasks", body).status_code == 201
        return len(statements)

    first = cost()
    RunnerFactory.create_batch(20)
    assert cost() == first

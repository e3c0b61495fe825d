"""The schema of a template's parameters, and the parameters of runs."""

from typing import Any

import pytest

from runners.encryption import decrypt
from tests.factories import TaskFactory
from tests.support.actors import who
from tests.support.drawing import checked, template_of
from tests.support.tables import everything
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.errors import Invalid
from workflows.models import WorkflowRun, WorkflowTemplate
from workflows.payloads.parameters import check_schema
from workflows.payloads.secrets import MASK
from workflows.runs.creation import create_run

SCHEMA = {
    "type": "object",
    "properties": {
        "day": {"type": "string", "format": "date"},
        "copies": {"type": "integer", "minimum": 1, "default": 2},
        "token": {"type": "string", "writeOnly": True, "minLength": 6},
    },
    "required": ["day"],
    "additionalProperties": False,
}


def made(schema: dict[str, Any]) -> WorkflowTemplate:
    data = template_of("a", payload={"command": ["echo", "{{ params.token }}"]})
    return create_template(parse_template({**data, "parameters_schema": schema}))


def run_with(parameters: dict[str, Any]) -> WorkflowRun:
    return create_run(template_id=made(SCHEMA).pk, parameters=parameters, by=who("ada"))


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"type": "array"}, "the schema must describe an object"),
        ({"type": "thing"}, "type: 'thing' is no type; use one of: array, boolean,"),
        ({"properties": {"a": {"$ref": "#"}}}, "$ref is not available"),
        ({"properties": {"a": {"$ref": "http://127.0.0.1:1/x"}}}, "$ref is not available"),
        ({"properties": {"a": {"type": "integer", "default": "x"}}}, "a: default: 'x' is not"),
        ({"properties": {"a": {"writeOnly": True}}}, "a: a secret must be of type string"),
        (
            {"properties": {"a": {"type": "string", "writeOnly": True, "default": "x"}}},
            "a: a secret must not have a default",
        ),
    ],
)
def test_a_wrong_schema_is_refused_by_name(schema: dict[str, Any], problem: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked({**template_of("a"), "parameters_schema": schema})
    assert problem in " ".join(refused.value.fields["parameters_schema"])


def test_run_gets_defaults_and_keeps_given_parameters(db: None) -> None:
    run = run_with({"day": "2026-01-31"})
    assert WorkflowRun.objects.get(pk=run.pk).parameters == {"day": "2026-01-31", "copies": 2}


def test_secret_parameter_is_stored_separately_and_shown_masked(db: None) -> None:
    run = run_with({"day": "2026-01-31", "token": "t0ken-x"})
    kept = WorkflowRun.objects.get(pk=run.pk)
    assert kept.parameters == {"day": "2026-01-31", "copies": 2, "token": MASK}
    assert decrypt(kept.encrypted_secrets["token"]) == "t0ken-x"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "day: this property is required"),
        ({"day": "x", "copies": 0}, "copies: 0 is less than the minimum of 1"),
        ({"day": "x", "copies": 2.0}, "copies: 2.0 is not a whole number"),
        ({"day": "x", "colour": 1}, "colour: there is no such property; known: day, "),
        ({"day": "x", "token": "abc"}, "token: does not fit (minLength)"),
    ],
)
def test_invalid_parameters_are_refused_by_name_and_nothing_is_stored(
    db: None, given: dict[str, Any], problem: str
) -> None:
    template = made(SCHEMA)
    before = everything()
    with pytest.raises(Invalid) as refused:
        create_run(template_id=template.pk, parameters=given, by=who("ada"))
    assert problem in " ".join(refused.value.fields["parameters"])
    assert "abc" not in str(refused.value)
    assert everything() == before


def test_without_a_schema_any_object_is_accepted(db: None) -> None:
    run = create_run(template_id=made({}).pk, parameters={"anything": [1]}, by=who("ada"))
    assert (run.parameters, run.encrypted_secrets) == ({"anything": [1]}, {})


def test_schema_does_not_apply_to_a_run_of_existing_tasks(db: None) -> None:
    task = TaskFactory.create()
    run = create_run(template_id=made(SCHEMA).pk, task_ids=[task.pk], by=who("ada"))
    assert run.parameters == {}


def test_schema_with_a_reference_is_refused_also_beside_a_default() -> None:
    schema = {"properties": {"a": {"$ref": "success", "default": 1}}}
    assert list(check_schema(schema)) == ["properties.a.$ref: $ref is not available"]

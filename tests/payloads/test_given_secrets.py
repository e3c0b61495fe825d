"""A secret that is given is shown nowhere: not in a wrong place, under a wrong name, as a label."""

from typing import Any

import pytest
from django.test import Client

from runners.encryption import decrypt
from tests.factories import TaskFactory, TemplateFactory
from tests.support.actors import who
from tests.support.tables import everything
from workflows.authoring.spec import plain
from workflows.authoring.store import spec_of
from workflows.errors import Invalid
from workflows.models import TemplateVersion, WorkflowRun, WorkflowTemplate
from workflows.payloads.parameters import check_schema, take_parameters
from workflows.payloads.secrets import MASK
from workflows.runs.creation import create_run

SECRET = {"type": "string", "writeOnly": True}
TOKEN: dict[str, Any] = {"properties": {"token": SECRET, "day": {"type": "string"}}}
VALUE = "hunter2-hunter2"
PLACES: dict[str, dict[str, Any]] = {
    "writeOnly": {"writeOnly": True},
    "properties.a.properties.b.writeOnly": {"properties": {"a": {"properties": {"b": SECRET}}}},
    "properties.a.items.writeOnly": {"properties": {"a": {"items": SECRET}}},
    "properties.a.prefixItems.0.writeOnly": {"properties": {"a": {"prefixItems": [SECRET]}}},
    "properties.a.anyOf.1.writeOnly": {"properties": {"a": {"anyOf": [{}, SECRET]}}},
    "allOf.0.properties.b.writeOnly": {"allOf": [{"properties": {"b": SECRET}}]},
    "oneOf.0.writeOnly": {"oneOf": [SECRET]},
    "not.writeOnly": {"not": SECRET},
    "if.properties.b.writeOnly": {"if": {"properties": {"b": SECRET}}},
    "then.writeOnly": {"then": SECRET},
    "else.writeOnly": {"else": SECRET},
    "patternProperties.^b.writeOnly": {"patternProperties": {"^b": SECRET}},
    "additionalProperties.writeOnly": {"additionalProperties": SECRET},
    "unevaluatedProperties.writeOnly": {"unevaluatedProperties": SECRET},
    "propertyNames.writeOnly": {"propertyNames": SECRET},
    "properties.a.contains.writeOnly": {"properties": {"a": {"contains": SECRET}}},
    "$defs.b.writeOnly": {"$defs": {"b": SECRET}},
    "definitions.b.writeOnly": {"definitions": {"b": SECRET}},
    "dependentSchemas.a.properties.b.writeOnly": {
        "dependentSchemas": {"a": {"properties": {"b": SECRET}}}
    },
    "x-unknown.0.0.writeOnly": {"x-unknown": [[SECRET]]},
}


def stored(schema: dict[str, Any]) -> WorkflowTemplate:
    """Store a template as an earlier release did, without the checks of this one."""
    template: WorkflowTemplate = TemplateFactory.create(drawing="a")
    WorkflowTemplate.objects.update(parameters_schema=schema)
    return template


def refused_parameters(schema: dict[str, Any], given: dict[str, Any], **more: Any) -> str:
    with pytest.raises(Invalid) as refused:
        take_parameters(schema, given, **more)
    return " ".join(refused.value.fields["parameters"])


@pytest.mark.parametrize("place", PLACES)
def test_misplaced_secret_is_refused_when_saved_with_the_remedy(place: str) -> None:
    problems = list(check_schema(PLACES[place]))
    assert problems
    for problem in problems:
        assert problem.startswith(f"{place}: only a text directly below properties")
        assert "make it a parameter of its own" in problem


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ({"writeOnly": "yes"}, "properties.a.writeOnly: 'yes' is not true or false"),
        ({"writeOnly": True}, "a: a secret must be of type string"),
        ({"writeOnly": True, "type": ["string", "null"]}, "a: a secret must be of type string"),
        ({**SECRET, "enum": [VALUE]}, "a: a secret must not have an enum"),
        ({**SECRET, "const": VALUE}, "a: a secret must not have a const"),
        ({**SECRET, "examples": [VALUE]}, "a: a secret must not have examples"),
    ],
)
def test_secret_that_would_be_seen_in_its_schema_is_refused(
    definition: dict[str, Any], problem: str
) -> None:
    [found] = check_schema({"properties": {"a": definition}})
    assert found.startswith(problem)


def test_stored_template_with_a_misplaced_secret_runs_without_parameters_only(db: None) -> None:
    template = stored(PLACES["properties.a.properties.b.writeOnly"])
    create_run(template_id=template.pk, by=who("ada"))
    before = everything()
    with pytest.raises(Invalid) as refused:
        create_run(template_id=template.pk, parameters={"a": {"b": VALUE}}, by=who("ada"))
    [text] = refused.value.fields["parameters"]
    assert text.startswith("properties.a.properties.b.writeOnly: only a text")
    assert everything() == before


@pytest.mark.parametrize(
    ("schema", "name", "hint"),
    [
        (TOKEN, "tokne", "did you mean token?"),
        (TOKEN, "TOKEN", "did you mean token?"),
        (TOKEN, "dya", "add it to the properties"),
        (TOKEN, "colour", "add it to the properties"),
        ({**TOKEN, "additionalProperties": True}, "tokne", "did you mean token?"),
        ({**TOKEN, "patternProperties": {"^x-": {}}}, "colour", "add it to the properties"),
    ],
)
def test_unknown_name_is_refused_where_a_schema_has_secrets(
    schema: dict[str, Any], name: str, hint: str
) -> None:
    text = refused_parameters(schema, {name: VALUE})
    assert text.startswith(f"{name}: no such parameter; ")
    assert hint in text
    assert VALUE not in text


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ({**TOKEN, "additionalProperties": True}, "colour"),
        ({**TOKEN, "additionalProperties": {"type": "string"}}, "colour"),
        ({**TOKEN, "patternProperties": {"^x-": {}}}, "x-colour"),
        ({**TOKEN, "anyOf": [{"properties": {"colour": {}}}]}, "colour"),
        ({"properties": {"day": {}}}, "dya"),
    ],
)
def test_other_names_are_taken_where_the_schema_says_so(schema: dict[str, Any], name: str) -> None:
    assert take_parameters(schema, {name: "red"})[0] == {name: "red"}


def test_label_of_a_run_says_what_is_secret(db: None) -> None:
    task = TaskFactory.create(payload={"command": ["login", "{{ params.token }}"]})
    parameters = {"token": VALUE, "day": 7, "other": [1]}
    run = create_run(
        template_id=stored(TOKEN).pk, task_ids=[task.pk], parameters=parameters, by=who("ada")
    )
    kept = WorkflowRun.objects.get(pk=run.pk)
    assert kept.parameters == {**parameters, "token": MASK}
    assert kept.secrets == {}
    assert decrypt(kept.encrypted_secrets["token"]) == VALUE


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"tokne": VALUE}, "tokne: no such parameter; did you mean token?"),
        ({"token": [VALUE]}, "token: a secret must be a text"),
        ({"token": MASK}, "token: ******** is what is shown instead of it; give the secret itself"),
    ],
)
def test_label_refuses_what_would_show_a_secret(given: dict[str, Any], problem: str) -> None:
    text = refused_parameters(TOKEN, given, is_label=True)
    assert text.startswith(problem)
    assert VALUE not in text


def test_label_enforces_nothing_else_of_its_schema() -> None:
    schema = {**TOKEN, "required": ["day"], "additionalProperties": False, "$ref": "#"}
    assert take_parameters(schema, {"colour": 1}, is_label=True) == ({"colour": 1}, {})


@pytest.mark.parametrize(
    ("constraint", "value"),
    [
        ({"minLength": 99}, VALUE),
        ({"pattern": "^x"}, VALUE),
        ({"format": "email"}, VALUE),
        ({"not": {"type": "string"}}, VALUE),
        ({"anyOf": [{"maxLength": 1}, {"pattern": "^x"}]}, VALUE),
        ({}, [VALUE]),
        ({}, {VALUE: VALUE}),
    ],
)
def test_refusal_of_a_secret_does_not_quote_it(constraint: dict[str, Any], value: object) -> None:
    schema = {"properties": {"token": {**SECRET, **constraint}}}
    assert "hunter2" not in refused_parameters(schema, {"token": value})


@pytest.mark.parametrize(
    "constraint",
    [
        {"maxProperties": 0},
        {"not": {}},
        {"anyOf": [{"required": ["x"]}]},
        {"if": {"required": ["token"]}, "then": {"properties": {"token": {"maxLength": 1}}}},
        {"propertyNames": {"maxLength": 2}},
    ],
)
def test_refusal_of_all_parameters_does_not_quote_a_secret(constraint: dict[str, Any]) -> None:
    assert "hunter2" not in refused_parameters({**TOKEN, **constraint}, {"token": VALUE})


def test_secret_in_the_name_of_who_started_the_run_is_masked(db: None) -> None:
    run = create_run(
        template_id=stored(TOKEN).pk,
        initiated_by=f"cron with {VALUE}",
        parameters={"token": VALUE},
        by=who("ada"),
    )
    assert WorkflowRun.objects.get(pk=run.pk).initiated_by == f"cron with {MASK}"


def test_stored_template_with_a_misplaced_secret_is_still_exported(admin_client: Client) -> None:
    template = stored(PLACES["oneOf.0.writeOnly"])
    content = plain(spec_of(WorkflowTemplate.objects.get()))
    TemplateVersion.objects.update(content=content)
    file = admin_client.get(f"/admin/workflows/workflowtemplate/{template.pk}/export/")
    assert (file.status_code, b"writeOnly: true" in file.content) == (200, True)
    saved = admin_client.put(
        f"/workflow-templates/{template.pk}", {"name": "Other"}, content_type="application/json"
    )
    assert saved.status_code == 200
    assert saved.json()["warnings"][0].startswith("parameters_schema: oneOf.0.writeOnly: only a")
    refused = admin_client.post("/workflow-templates", content, content_type="application/json")
    assert refused.json()["parameters_schema"][0].startswith("oneOf.0.writeOnly: only a text")

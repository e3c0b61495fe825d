"""The form that starts a run has a field for each parameter of the template's schema."""

import json
from typing import Any

import pytest
from django.test import Client

from runners.encryption import decrypt
from tests.admin.conftest import VIEW_ALL, ClientOf, add_url, text_of
from tests.factories import TemplateFactory
from tests.support.verbs import trail
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import Event, WorkflowRun, WorkflowTemplate
from workflows.payloads.parameters import take_parameters
from workflows.payloads.secrets import MASK

STEPS = [{"step_id": "a", "title": "A"}]
SCHEMA: dict[str, Any] = {
    "properties": {
        "day": {"type": "string", "format": "date", "title": "Day", "description": "Which one."},
        "copies": {"type": "integer", "minimum": 1, "default": 2},
        "ratio": {"type": "number"},
        "dry": {"type": "boolean"},
        "mode": {"enum": ["fast", "slow", 3, None]},
        "hosts": {"type": "array", "items": {"type": "string"}},
        "more": {"type": "object"},
        "note": {"type": "string", "default": "nothing", "maxLength": 20},
        "token": {"type": "string", "writeOnly": True, "minLength": 4},
    },
    "required": ["day"],
}


def template_with(schema: dict[str, Any]) -> WorkflowTemplate:
    data = {"name": "Described", "steps": STEPS, "parameters_schema": schema}
    return create_template(parse_template(data))


@pytest.fixture
def described_template(db: None) -> WorkflowTemplate:
    """Return a template that asks for one parameter of each kind."""
    return template_with(SCHEMA)


def form_of(client: Client, template: WorkflowTemplate) -> Any:
    page = client.get(add_url(WorkflowRun), {"template": template.pk})
    return page.context["adminform"].form


def launch(client: Client, template: WorkflowTemplate, **values: Any) -> Any:
    """Post the form as a browser does that was shown it, with other values."""
    shown = {field.html_name: field.value() for field in form_of(client, template)}
    shown = {
        name: v.replace("\n", "\r\n") if isinstance(v, str) else v for name, v in shown.items()
    }
    data = {
        name: value for name, value in shown.items() if value is not None and value is not False
    }
    changed = {name if name in shown else f"parameter-{name}": v for name, v in values.items()}
    return client.post(add_url(WorkflowRun), {**data, **changed})


def launched() -> dict[str, Any]:
    parameters: dict[str, Any] = WorkflowRun.objects.get().parameters
    return parameters


def errors(page: Any) -> dict[str, list[str]]:
    return {name: list(texts) for name, texts in page.context["adminform"].form.errors.items()}


def test_each_parameter_has_a_field_with_label_help_and_default(
    root: Client, described_template: WorkflowTemplate
) -> None:
    form = form_of(root, described_template)

    day, copies = form["parameter-day"], form["parameter-copies"]
    assert (day.label, day.help_text, day.field.required) == ("Day", "Which one.", True)
    assert 'type="date"' in str(day)
    assert (copies.label, copies.value()) == ("copies", 2)
    assert 'type="password"' in str(form["parameter-token"])
    assert 'type="checkbox"' in str(form["parameter-dry"])
    assert "parameters" not in form.fields


def test_run_gets_parameters_in_the_types_of_the_schema(
    root: Client, described_template: WorkflowTemplate
) -> None:
    answer = launch(
        root,
        described_template,
        day="2026-01-31",
        copies="3",
        ratio="0.5",
        dry="on",
        mode="2",
        hosts="one\r\ntwo three\r\n\r\n",
        more='{"a": [1, null]}',
        note=" x ",
    )

    assert answer.status_code == 302
    assert launched() == {
        "day": "2026-01-31",
        "copies": 3,
        "ratio": 0.5,
        "dry": True,
        "mode": 3,
        "hosts": ["one", "two three"],
        "more": {"a": [1, None]},
        "note": " x ",
    }
    run = WorkflowRun.objects.get()
    assert run.auto_dispatch
    assert trail(run, whole=True) == ["workflow_run.created", "task.created a"]
    assert set(Event.objects.values_list("actor", flat=True)) == {"root"}


def test_empty_fields_are_omitted_or_get_their_default(
    root: Client, described_template: WorkflowTemplate
) -> None:
    launch(root, described_template, day="2026-01-31")

    assert launched() == {"day": "2026-01-31", "copies": 2, "dry": False, "note": "nothing"}


def test_emptied_text_with_default_stays_empty(
    root: Client, described_template: WorkflowTemplate
) -> None:
    launch(root, described_template, day="2026-01-31", note="")

    assert launched()["note"] == ""


def test_secret_parameter_is_masked_and_stored_apart(
    root: Client, described_template: WorkflowTemplate
) -> None:
    refused = launch(root, described_template, day="no day", token="hunter2")
    launch(root, described_template, day="2026-01-31", token="hunter2")

    run = WorkflowRun.objects.get()
    assert "hunter2" not in refused.content.decode()
    assert run.parameters["token"] == MASK
    assert decrypt(run.encrypted_secrets["token"]) == "hunter2"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("day", "", "This field is required."),
        ("day", "2026-02-30", "'2026-02-30' is not a 'date'"),
        ("copies", "0", "0 is less than the minimum of 1"),
        ("copies", "many", "Enter a whole number."),
        ("copies", "", "This field is required."),
        ("ratio", "nan", "Enter a number."),
        ("mode", "9", "Select a valid choice. 9 is not one of the available choices."),
        ("mode", "x", "Select a valid choice. x is not one of the available choices."),
        ("more", "[1]", "[1] is not an object"),
        ("more", "{", "Not valid JSON: line 1, column 2: Expecting property name"),
        ("more", '{"a": NaN}', "NaN is not a number in JSON"),
        ("note", "x" * 21, "is too long"),
        ("token", "abc", "does not fit (minLength)"),
        ("note", "a\0b", "Null characters are not allowed."),
    ],
)
def test_invalid_parameter_is_refused_at_its_field(
    root: Client, described_template: WorkflowTemplate, name: str, value: str, why: str
) -> None:
    page = launch(root, described_template, **{"day": "2026-01-31", name: value})

    assert list(errors(page)) == [f"parameter-{name}"]
    assert why in errors(page)[f"parameter-{name}"][0]
    assert not WorkflowRun.objects.exists()


def test_error_about_all_parameters_is_shown_above_the_form(root: Client) -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "minProperties": 2}

    page = launch(root, template_with(schema), a="x")

    assert errors(page) == {"__all__": ["{'a': 'x'} does not have enough properties"]}


def test_refusal_does_not_contain_the_secret() -> None:
    secret = {"type": "string", "writeOnly": True}
    schema = {"properties": {"token": secret, "b": {"type": "string"}}, "minProperties": 2}

    with pytest.raises(Exception, match="does not fit") as refusal:
        take_parameters(schema, {"token": "hunter2"})

    assert "hunter2" not in str(refusal.value)


STRANGE = {"properties": {"a b.c": {"type": "integer", "maximum": 5}, "a": {}, "template": {}}}


def test_parameters_may_have_any_name(root: Client) -> None:
    template = template_with(STRANGE)

    page = launch(root, template, **{"a b.c": "7", "a": "1", "parameter-template": '"x"'})
    launch(root, template, **{"a b.c": "4", "a": "1", "parameter-template": '"x"'})

    assert errors(page) == {"parameter-a b.c": ["7 is greater than the maximum of 5"]}
    assert launched() == {"a b.c": 4, "a": 1, "template": "x"}


@pytest.mark.parametrize(
    "schema", [{}, {"minProperties": 1}, {"properties": {}, "required": ["x"]}]
)
def test_template_without_properties_takes_a_json_object(
    root: Client, schema: dict[str, Any]
) -> None:
    launch(root, template_with(schema), parameters='{"x": 1}')

    assert launched() == {"x": 1}


def test_defaults_of_every_type_survive_the_form_unchanged(root: Client) -> None:
    defaults: dict[str, Any] = {
        "text": "a\nb",
        "number": 1.5,
        "list": ["a", "b"],
        "any": {"x": [1]},
        "choice": 2,
        "switch": True,
        "none": None,
    }
    kinds: dict[str, dict[str, Any]] = {
        "text": {"type": "string"},
        "number": {"type": "number"},
        "list": {"type": "array", "items": {"type": "string"}},
        "choice": {"enum": [1, 2]},
        "switch": {"type": "boolean"},
    }
    described = {name: {**kinds.get(name, {}), "default": defaults[name]} for name in defaults}

    launch(root, template_with({"properties": described}))

    assert json.dumps(launched(), sort_keys=True) == json.dumps(defaults, sort_keys=True)


def test_form_posted_after_schema_change_is_checked_by_the_new_schema(
    root: Client, described_template: WorkflowTemplate
) -> None:
    WorkflowTemplate.objects.update(
        parameters_schema={"properties": {"other": {"type": "string"}}, "required": ["other"]}
    )

    page = root.post(
        add_url(WorkflowRun), {"template": described_template.pk, "parameter-day": "2026-01-31"}
    )

    assert errors(page) == {"parameter-other": ["This field is required."]}


def test_add_page_without_template_offers_a_choice(
    root: Client, described_template: WorkflowTemplate
) -> None:
    page = root.get(add_url(WorkflowRun))

    assert f'href="?template={described_template.pk}">Described</a>' in page.content.decode()
    assert "Described – – Run…" in text_of(page)


@pytest.mark.parametrize("named", ["987654", "x", "", "9" * 30])
def test_unknown_template_leads_back_to_the_choice(root: Client, named: str) -> None:
    page = root.get(add_url(WorkflowRun), {"template": named})

    assert "Run which template?" in text_of(page)
    assert ("This template does not exist" in text_of(page)) == bool(named)


def test_choice_without_templates_says_what_to_do(root: Client) -> None:
    assert "There is no template yet. Create the first one" in text_of(
        root.get(add_url(WorkflowRun))
    )


def test_launch_form_needs_the_add_permission(
    client_of: ClientOf, viola: Client, described_template: WorkflowTemplate
) -> None:
    adder = client_of("anna", "workflows.add_workflowrun", *VIEW_ALL)

    assert viola.get(add_url(WorkflowRun)).status_code == 403
    assert viola.get(add_url(WorkflowRun), {"template": described_template.pk}).status_code == 403
    assert launch(adder, described_template, day="2026-01-31").status_code == 302


def test_number_of_statements_does_not_grow_with_parameters(
    root: Client, django_assert_max_num_queries: Any
) -> None:
    many = {"properties": {f"p{number}": {"enum": [1, 2]} for number in range(60)}}
    short, long = TemplateFactory.create(), template_with(many)
    for template in (short, long):
        with django_assert_max_num_queries(6):
            form_of(root, template)

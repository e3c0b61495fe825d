"""Templates are edited with all their steps in one form, and stored whole or not at all."""

from dataclasses import fields
from typing import Any

import pytest
from django.test import Client

from tests.admin.conftest import add_url, messages_of, posted_form, step_rows, text_of, url_of
from tests.factories import RunnerFactory, TemplateFactory
from tests.support.actors import who
from tests.support.verbs import edges, states
from workflows.admin.templates.form import TemplateForm
from workflows.admin.templates.steps import StepForm
from workflows.authoring.sections import SECTIONS
from workflows.authoring.spec import StepSpec, TemplateSpec, parse_template
from workflows.authoring.store import create_template, spec_of
from workflows.models import WorkflowTemplate
from workflows.runs.creation import create_run


def add(client: Client, *steps: dict[str, Any], **data: Any) -> Any:
    return client.post(
        add_url(WorkflowTemplate), {"name": "Sales", "description": "", **step_rows(*steps), **data}
    )


def save(client: Client, template: WorkflowTemplate, **changes: Any) -> Any:
    return client.post(url_of(template), {**posted_form(client, template), **changes})


def dependencies_now(template: WorkflowTemplate) -> dict[str, tuple[str, ...]]:
    stored = spec_of(WorkflowTemplate.objects.get(pk=template.pk))
    return {step.step_id: step.depends_on for step in stored.steps}


def version_now(template: WorkflowTemplate) -> int:
    return WorkflowTemplate.objects.get(pk=template.pk).version


def test_new_steps_may_depend_on_each_other_in_the_same_save(root: Client) -> None:
    RunnerFactory.create(name="gpu")

    answer = add(
        root,
        {"step_id": "load", "title": "Load it", "depends_on": "clean\r\naudit"},
        {"step_id": "clean", "depends_on": "extract", "timeout_seconds": "60"},
        {"step_id": "audit", "depends_on": "extract", "runner": "gpu"},
        {"step_id": "extract", "payload": '{"python": "noop", "kwargs": {"n": 1}}'},
    )

    assert answer.status_code == 302
    template = WorkflowTemplate.objects.get()
    assert spec_of(template).steps == (
        StepSpec("load", "Load it", ("clean", "audit")),
        StepSpec("clean", "clean", ("extract",), timeout_seconds=60),
        StepSpec("audit", "audit", ("extract",), runner="gpu"),
        StepSpec("extract", "extract", payload={"python": "noop", "kwargs": {"n": 1}}),
    )
    assert template.version == 1


def test_template_made_in_the_form_can_be_run(root: Client) -> None:
    add(root, {"step_id": "a"}, {"step_id": "b", "depends_on": "a"})

    run = create_run(template_id=WorkflowTemplate.objects.get().pk, by=who("test"))

    assert states(run) == {"a": "pending", "b": "pending"}
    assert edges(run) == {("a", "b")}


@pytest.mark.parametrize(
    ("text", "parents"),
    [
        ("a, b", ("a", "b")),
        ("a,\n b ,", ("a", "b")),
        ("b\r\na\r\nb", ("b", "a")),
        ("x, y\na", ("x, y", "a")),
        (" \n\n", ()),
    ],
)
def test_dependencies_are_separated_by_line_ends_or_commas(
    root: Client, text: str, parents: tuple[str, ...]
) -> None:
    rows = [{"step_id": name} for name in ("a", "b", "x, y")]

    add(root, *rows, {"step_id": "last", "depends_on": text})

    assert dependencies_now(WorkflowTemplate.objects.get())["last"] == parents


def test_steps_are_dispatched_in_the_order_given_then_as_listed(root: Client) -> None:
    rows = [("c", "20"), ("x", ""), ("b", "15"), ("y", ""), ("a", "15")]

    add(root, *({"step_id": name, "order": order} for name, order in rows))

    assert list(dependencies_now(WorkflowTemplate.objects.get())) == ["b", "a", "c", "x", "y"]


def test_blank_and_removed_rows_are_ignored(root: Client) -> None:
    removed = {"step_id": "gone", "payload": "{broken", "DELETE": "on"}

    add(root, {"step_id": "a"}, removed, {"step_id": "", "payload": ""}, {"step_id": "b"})

    assert list(dependencies_now(WorkflowTemplate.objects.get())) == ["a", "b"]


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ({"a": "c", "b": "a", "c": "b"}, "cycle: a → b → c → a"),
        ({"a": "", "x": "y", "y": "x"}, "cycle: x → y → x"),
        ({"a": "nowhere"}, "step 'a' depends on unknown step 'nowhere'"),
        ({"a": "A"}, "step 'a' depends on unknown step 'A'"),
        ({"a": "a"}, "step 'a' depends on itself"),
        ({}, "a template needs at least one step"),
    ],
)
def test_steps_that_form_no_dag_are_refused_with_the_reason(
    root: Client, steps: dict[str, str], why: str
) -> None:
    page = add(root, *({"step_id": name, "depends_on": on} for name, on in steps.items()))

    assert why in text_of(page)
    assert not WorkflowTemplate.objects.exists()


def test_duplicate_step_id_is_named(root: Client) -> None:
    page = add(root, {"step_id": "a"}, {"step_id": "a"})

    assert "duplicate step_id 'a'" in text_of(page)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("step_id", "", "This field is required."),
        ("step_id", "  ", "Give the step an id."),
        ("step_id", "x" * 201, "at most 200 characters"),
        ("step_id", "a\0b", "Null characters are not allowed."),
        ("title", "x" * 301, "at most 300 characters"),
        ("payload", "[1]", "must be an object"),
        ("payload", '{"command": }', "Not valid JSON: line 1, column 13: Expecting value."),
        ("payload", '{"command": "ls -l"}', "command: 'ls -l' is not a list"),
        ("payload", '{"command": ["a"], "python": "b"}', "contains both 'command' and 'python'"),
        ("timeout_seconds", "0", "greater than or equal to 1"),
        ("timeout_seconds", "86401", "less than or equal to 86400"),
        ("timeout_seconds", "soon", "Enter a whole number."),
        ("order", "-1", "greater than or equal to 0"),
        ("order", "9" * 5_000, "Enter a whole number."),
        ("runner", "nobody", "not one of the available choices"),
    ],
)
def test_invalid_field_is_refused_in_its_row(
    root: Client, field: str, value: str, why: str
) -> None:
    wrong = {"step_id": "b", "title": "B", field: value}

    page = add(root, {"step_id": "a"}, wrong)

    formset = page.context["inline_admin_formsets"][0].formset
    assert formset.errors[0] == {}
    assert list(formset.errors[1]) == [field]
    assert why in formset.errors[1][field][0]
    assert not WorkflowTemplate.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_invalid_name_is_refused_at_its_field(root: Client, name: str) -> None:
    page = add(root, {"step_id": "a"}, name=name)

    assert list(page.context["adminform"].form.errors) == ["name"]


@pytest.mark.parametrize("total", ["", "x", "-1", pytest.param("9" * 30, marks=pytest.mark.slow)])
def test_form_with_invalid_row_count_is_refused(root: Client, total: str) -> None:
    page = add(root, {"step_id": "a"}, **{"steps-TOTAL_FORMS": total})

    assert page.status_code == 200
    assert not WorkflowTemplate.objects.exists()


def test_form_has_a_field_for_every_property() -> None:
    assert {each.name for each in fields(StepSpec)} == set(StepForm.base_fields) - {"order"}
    of_file = {each.name for each in fields(TemplateSpec)} | {*SECTIONS}
    assert of_file == {*TemplateForm.Meta.fields, "steps", "retention"}  # it has a page of its own


STRANGE = {
    "name": "Strange",
    "description": "first\nsecond\n",
    "approver_must_differ": True,
    "steps": [
        {
            "step_id": " a ",
            "title": "t ",
            "payload": {"kwargs": {"x": 1.0, "y": "a\r\nb", "é": [None, {}]}},
        },
        {
            "step_id": "A, b",
            "title": " B",
            "depends_on": [" a "],
            "payload": {"kwargs": {"x": 12345678901234567}},
        },
        {"step_id": "“→”", "title": "<b>", "depends_on": ["A, b", " a "], "timeout_seconds": 1},
        {"step_id": "gate", "title": "gate", "requires_approval": True},
    ],
}


def test_saving_without_changes_creates_no_version(root: Client) -> None:
    template = create_template(parse_template(STRANGE))
    before = spec_of(template)

    assert save(root, template).status_code == 302

    assert version_now(template) == 1
    assert spec_of(WorkflowTemplate.objects.get(pk=template.pk)) == before


def test_saving_a_change_creates_one_version(root: Client) -> None:
    template = TemplateFactory.create(drawing="a > b", payload={"python": "noop"})

    answer = save(root, template, **{"steps-1-title": "Something else"})

    assert messages_of(answer)[0][0] == "success"
    assert version_now(template) == 2
    assert dependencies_now(template) == {"a": (), "b": ("a",)}


def test_ticking_approval_requires_approval(root: Client) -> None:
    template = TemplateFactory.create(drawing="a > b")

    save(
        root,
        template,
        **{"steps-1-requires_approval": "on", "approver_must_differ": "on"},
        approval_lasts="run",
    )

    spec = spec_of(WorkflowTemplate.objects.get())
    assert [step.requires_approval for step in spec.steps] == [False, True]
    assert spec.approver_must_differ
    assert spec.approval_lasts == "run"


def test_unticking_approval_removes_the_requirement(root: Client) -> None:
    template = TemplateFactory.create(requires_approval=True)

    save(root, template, **{"steps-0-requires_approval": ""})

    spec = spec_of(WorkflowTemplate.objects.get())
    assert [step.requires_approval for step in spec.steps] == [False, True]
    assert version_now(template) == 2


def test_step_can_be_renamed_together_with_its_dependents(root: Client) -> None:
    template = TemplateFactory.create(drawing="a > b")

    save(root, template, **{"steps-0-step_id": "first", "steps-1-depends_on": "first"})

    assert dependencies_now(template) == {"first": (), "b": ("first",)}


def test_renaming_a_step_but_not_its_dependents_is_refused(root: Client) -> None:
    template = TemplateFactory.create(drawing="a > b")

    page = save(root, template, **{"steps-0-step_id": "first"})

    assert "step 'b' depends on unknown step 'a'" in text_of(page)
    assert dependencies_now(template) == {"a": (), "b": ("a",)}


def test_editing_a_template_does_not_change_its_runs(root: Client) -> None:
    template = TemplateFactory.create(drawing="a > b")
    run = create_run(template_id=template.pk, by=who("test"))

    save(root, template, **{"steps-1-DELETE": "on"})

    assert dependencies_now(template) == {"a": ()}
    assert edges(run) == {("a", "b")}

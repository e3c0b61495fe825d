"""Templates are stored as a whole, one version at a time."""

import pytest

from tests.factories import TemplateFactory
from tests.support.drawing import template_of
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template, replace_template, spec_of
from workflows.errors import Invalid, NotFound
from workflows.models import StepDependency, TemplateStep, WorkflowTemplate

pytestmark = pytest.mark.django_db

DATA = {
    "name": "nightly",
    "description": "Every night.",
    "steps": [
        {"step_id": "b", "title": "Second", "depends_on": ["z", "a"], "timeout_seconds": 5},
        {"step_id": "a", "title": "First", "runner": "local", "payload": {"command": ["true"]}},
        {"step_id": "z", "title": "Last"},
    ],
}


def test_stored_template_equals_its_spec() -> None:
    spec = parse_template(DATA)
    assert spec_of(create_template(spec)) == spec


def test_changed_content_is_a_new_version() -> None:
    template = create_template(parse_template(DATA))
    changed = parse_template({**DATA, "steps": DATA["steps"][1:]})
    replaced = replace_template(template.pk, changed)
    assert (replaced.pk, replaced.version) == (template.pk, 2)
    assert spec_of(replaced) == changed


def test_unchanged_content_changes_nothing() -> None:
    template = create_template(parse_template(DATA))
    steps = list(template.steps.values())
    assert replace_template(template.pk, parse_template(DATA)).version == 1
    assert list(template.steps.values()) == steps


def test_reordered_steps_are_a_new_version() -> None:
    template = TemplateFactory.create(drawing="a, b")
    replaced = replace_template(
        template.pk, parse_template(template_of("b, a", name=template.name))
    )
    assert replaced.version == 2


def test_a_refused_replacement_leaves_the_old_version() -> None:
    template = TemplateFactory.create(drawing="a > b")
    before = (spec_of(template), list(template.steps.values()))
    with pytest.raises(Invalid, match="nowhere"):
        replace_template(template.pk, parse_template(template_of("x", runner="nowhere")))
    template.refresh_from_db()
    assert (spec_of(template), list(template.steps.values()), template.version) == (*before, 1)


def test_replacing_an_unknown_template_is_refused() -> None:
    with pytest.raises(NotFound, match="workflow template 999999 not found"):
        replace_template(999_999, parse_template(DATA))


def test_deleting_a_template_deletes_its_steps_and_edges() -> None:
    TemplateFactory.create(drawing="a > b")
    WorkflowTemplate.objects.get().delete()
    assert not TemplateStep.objects.exists()
    assert not StepDependency.objects.exists()

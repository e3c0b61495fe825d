"""
Sections of a template's data beside its content: how it is operated, not what its runs are.

No version keeps them, and runs do not copy them. What is stored without a section leaves it alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.authoring import labels
from workflows.authoring.spec import TemplateSpec, plain
from workflows.errors import Invalid
from workflows.models import WorkflowTemplate
from workflows.models.actor import Actor


@dataclass(frozen=True, slots=True)
class Section:
    """One section, by its name in files and in the API."""

    name: str
    schema: Mapping[str, Any]
    """Describes it in the OpenAPI document."""
    problems: Callable[[Any, TemplateSpec], Iterable[str]]
    """Returns what is wrong with it, given the template that it belongs to."""
    read: Callable[[WorkflowTemplate], Any]
    """Returns what is stored; what is empty stands in no file."""
    store: Callable[[WorkflowTemplate, Any, Actor], None]


def _store_labels(template: WorkflowTemplate, value: dict[str, str], by: Actor) -> None:
    template.labels = value
    template.save(update_fields=["labels"])


LABELS = Section(
    "labels",
    labels.SCHEMA,
    labels.template_label_problems,
    lambda template: template.labels,
    _store_labels,
)
SECTIONS = {LABELS.name: LABELS}


def register_section(section: Section) -> None:
    """Let files and the API have one more section; for the `ready()` of an app."""
    SECTIONS[section.name] = section


def split_sections(data: Any) -> tuple[Any, dict[str, Any]]:
    """Return the content of a template as `parse_template` takes it, and its sections by name."""
    if not isinstance(data, dict):
        return data, {}
    content = {name: value for name, value in data.items() if name not in SECTIONS}
    return content, {name: data[name] for name in SECTIONS if name in data}


def with_sections(template: WorkflowTemplate, spec: TemplateSpec) -> dict[str, Any]:
    """Return a template as a file holds it, with the sections that are not empty."""
    content = plain(spec)
    steps = content.pop("steps")
    read = {name: each.read(template) for name, each in SECTIONS.items()}
    return {**content, **{name: value for name, value in read.items() if value}, "steps": steps}


def check_sections(sections: Mapping[str, Any], spec: TemplateSpec) -> None:
    """
    Accept the sections of a template.

    :raises Invalid: naming each section that is wrong.
    """
    found = {name: list(SECTIONS[name].problems(value, spec)) for name, value in sections.items()}
    if wrong := {name: problems for name, problems in found.items() if problems}:
        raise Invalid(wrong)


def store_sections(
    template: WorkflowTemplate, sections: Mapping[str, Any], spec: TemplateSpec, *, by: Actor
) -> bool:
    """
    Store the sections that are given; return True if one has changed.

    :raises Invalid: naming each section that is wrong.
    """
    check_sections(sections, spec)
    changed = [name for name in sections if SECTIONS[name].read(template) != sections[name]]
    for name in changed:
        SECTIONS[name].store(template, sections[name], by)
    return bool(changed)

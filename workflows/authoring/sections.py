"""
Sections of a template's file that are no part of its versions: operational settings.

Each has a name, and is read and written by whoever registers it. A file without a section leaves
what it stands for as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from workflows.errors import Invalid
from workflows.models import WorkflowTemplate
from workflows.models.actor import Actor


class Section(Protocol):
    """What a section of a file stands for."""

    def check(self, content: Any) -> None:
        """
        Refuse content that cannot be stored.

        :raises Invalid: naming what is wrong.
        """

    def store(self, template: WorkflowTemplate, content: Any, *, by: Actor) -> None:
        """Store content that was checked, in the transaction that stores the template."""

    def content_of(self, template: WorkflowTemplate) -> Any:
        """Return what a file says about a template; None if it says nothing."""


_sections: dict[str, Section] = {}


def register_section(name: str, section: Section) -> None:
    """Let files have a section of this name; for the `ready()` of an app."""
    _sections[name] = section


@dataclass(frozen=True, slots=True)
class SplitFile:
    """The data of a file: the template, and the sections beside it."""

    template: Any
    sections: Mapping[str, Any]

    def store_sections(self, template: WorkflowTemplate, *, by: Actor) -> None:
        """Store what the sections say about a template."""
        for name, content in self.sections.items():
            _sections[name].store(template, content, by=by)


def split_file(data: Any) -> SplitFile:
    """
    Return the template and the sections of a file.

    :raises Invalid: naming the section, and what is wrong in it.
    """
    if not isinstance(data, dict):
        return SplitFile(data, {})
    sections = {name: data[name] for name in _sections if name in data}
    for name, content in sections.items():
        _check(name, content)
    return SplitFile({key: data[key] for key in data if key not in sections}, sections)


def sections_of(template: WorkflowTemplate) -> dict[str, Any]:
    """Return the sections that a file of this template has, by name."""
    found = {name: section.content_of(template) for name, section in _sections.items()}
    return {name: content for name, content in found.items() if content is not None}


def _check(name: str, content: Any) -> None:
    try:
        _sections[name].check(content)
    except Invalid as exc:
        texts = [f"{field}: {text}" for field, found in exc.fields.items() for text in found]
        raise Invalid({name: texts}) from exc

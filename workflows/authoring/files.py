"""Templates as files, and by the names that files and people call them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from workflows.authoring import wfformat
from workflows.authoring import yaml_json as notation
from workflows.authoring.spec import TemplateSpec, parse_template, plain
from workflows.authoring.store import create_template, lock_template, replace_template, spec_of
from workflows.errors import Conflict, Invalid, NotFound, WorkflowError
from workflows.models import WorkflowTemplate
from workflows.models.actor import NOBODY, Actor

LARGEST_FILE = 50_000_000
"""Bytes."""


class UnusableFile(WorkflowError):
    """A file holds no template; says which file, where in it, and why."""

    code = "unusable_file"


@dataclass(frozen=True, slots=True)
class Import:
    """A template as it is stored now, and what that took: `created`, `replaced` or `unchanged`."""

    template: WorkflowTemplate
    change: str


def import_file(
    path: Path, *, name: str | None = None, commands: bool = False, by: Actor = NOBODY
) -> Import:
    """
    Store the template that a file holds: a new one, or a new version of the one of that name.

    :param name: call it so instead of what the file says; `#12` means template 12.
    :param commands: give the steps of a WfFormat file the commands that were recorded.
    :raises UnusableFile: naming the file, the step and the field.
    :raises Conflict: if several templates have the name.
    :raises NotFound: if there is no template of that number.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as exc:
        raise UnusableFile(f"{path}: {exc.strerror}") from exc
    return import_content(str(path), content, name=name, commands=commands, by=by)


def import_content(
    file_name: str,
    content: bytes,
    *,
    name: str | None = None,
    commands: bool = False,
    by: Actor = NOBODY,
) -> Import:
    """
    Store the template of a file whose content is at hand, as `import_file` does, which see.

    :param file_name: is JSON if it ends in `.json`, and names the file in what is refused.
    """
    with _named(file_name):
        return _store(_template_data(_data(file_name, content), commands=commands), name, by)


def read_content(file_name: str, content: bytes, *, commands: bool = False) -> TemplateSpec:
    """
    Return the template of a file, and store nothing.

    :raises UnusableFile: naming the file, the step and the field.
    """
    with _named(file_name):
        return parse_template(_template_data(_data(file_name, content), commands=commands))


def export_template(name: str) -> str:
    """
    Return the template that people call `name`, as YAML.

    :raises NotFound: if there is no such template.
    :raises Conflict: if several have the name.
    """
    return as_yaml(spec_of(template_named(name)))


def as_yaml(spec: TemplateSpec) -> str:
    """Return a template in the form that `import_file` reads, without what is the default."""
    return notation.write_yaml(plain(spec))


def template_named(name: str) -> WorkflowTemplate:
    """
    Return the template that is called `name`, or that has the id `#12` or, if free, `12`.

    :raises NotFound: if there is no such template.
    :raises Conflict: if several have the name; names them by id.
    """
    template = None if name.startswith("#") else _called(name)
    return template or _numbered(name)


def _called(name: str) -> WorkflowTemplate | None:
    found = list(WorkflowTemplate.objects.filter(name=name).order_by("pk"))
    if len(found) > 1:
        ids = ", ".join(f"#{template.pk}" for template in found)
        raise Conflict(f"{len(found)} workflow templates are called '{name}'; choose one of {ids}")
    return found[0] if found else None


def _numbered(name: str) -> WorkflowTemplate:
    number = re.fullmatch(r"#?([0-9]{1,18})", name)
    template = number and WorkflowTemplate.objects.filter(pk=int(number[1])).first()
    if not template:
        raise NotFound("workflow template", name if number else f"'{name}'")
    return template


@contextmanager
def _named(file_name: str) -> Iterator[None]:
    """Name the file in front of everything that is wrong with it."""
    try:
        yield
    except Invalid as exc:
        raise UnusableFile("\n".join(f"{file_name}: {text}" for text in _sentences(exc))) from exc
    except (notation.Unreadable, UnicodeDecodeError) as exc:
        why = "not UTF-8 text" if isinstance(exc, UnicodeDecodeError) else exc
        raise UnusableFile(f"{file_name}: {why}") from exc


def _data(file_name: str, content: bytes) -> Any:
    if len(content) > LARGEST_FILE:
        raise notation.Unreadable(f"larger than {LARGEST_FILE:,} bytes")
    text = content.decode("utf-8-sig")
    is_json = file_name.lower().endswith(".json")
    return notation.read_json(text) if is_json else notation.read_yaml(text)


def _template_data(data: Any, *, commands: bool) -> Any:
    if wfformat.is_wfformat(data):
        return wfformat.template_data(data, commands=commands)
    if commands:
        raise Invalid({"commands": ["--commands is for files in WfFormat; this is none"]})
    return data


@transaction.atomic
def _store(data: Any, name: str | None, by: Actor) -> Import:
    target = _numbered(name) if name and name.startswith("#") else None
    if name is not None and isinstance(data, dict):
        data = {**data, "name": target.name if target else name}
    spec = parse_template(data)
    target = target or _called(spec.name)
    if target is None:
        return Import(create_template(spec, by=by), "created")
    before = lock_template(target.pk).version
    template = replace_template(target.pk, spec, by=by)
    return Import(template, "unchanged" if template.version == before else "replaced")


def _sentences(exc: Invalid) -> list[str]:
    """Return one sentence per problem; those of steps and tasks say themselves where they are."""
    return [
        text if name in {"steps", "workflow", "commands", "non_field_errors"} else f"{name}: {text}"
        for name, texts in exc.fields.items()
        for text in texts
    ]

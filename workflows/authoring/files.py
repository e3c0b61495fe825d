"""Import and export of template files, and finding a template by its name."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runners import transaction
from workflows.authoring import wfformat, yaml_json
from workflows.authoring.checks import warnings_of
from workflows.authoring.sections import check_sections, split_sections, with_sections
from workflows.authoring.spec import REQUIRED, TemplateSpec, parse_template, plain
from workflows.authoring.store import (
    create_template,
    lock_template,
    replace_template,
    spec_of,
)
from workflows.errors import Conflict, Invalid, NotFound, WorkflowError
from workflows.models import WorkflowTemplate
from workflows.models.actor import NOBODY, Actor
from workflows.payloads.suggestions import MOST_COMPARED, suggested

MAX_FILE_BYTES = 50_000_000
FILE_WANTED = "give a file with a template, as YAML or (.json) JSON"
NOT_UTF_8 = "it is not text in UTF-8; save it as such"


class UnusableFile(WorkflowError):
    """A file does not contain a valid template; the message names the file and the problem."""

    code = "unusable_file"


@dataclass(frozen=True, slots=True)
class Import:
    """A stored template, how it was imported (created, replaced or unchanged), its warnings."""

    template: WorkflowTemplate
    change: str
    warnings: list[str]


def import_file(
    path: Path, *, name: str | None = None, commands: bool = False, by: Actor = NOBODY
) -> Import:
    """
    Store the template of a file: as a new one, or as a new version of the one of that name.

    :param name: overrides the name in the file; `#12` replaces template 12.
    :param commands: steps of a WfFormat file execute the recorded commands.
    :raises UnusableFile: naming the file, the step and the field.
    :raises Conflict: if several templates have the name.
    :raises NotFound: if there is no template with that number.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        raise UnusableFile(f"{path} cannot be read: {exc.strerror}; {FILE_WANTED}") from exc
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
    Store the template in the content of a file; parameters and errors as in `import_file`.

    :param file_name: `.json` means JSON, anything else YAML; errors name the file by it.
    """
    with _name_file_in_errors(file_name):
        return _import(
            _as_template_data(_read_data(file_name, content), commands=commands), name, by
        )


def read_content(file_name: str, content: bytes, *, commands: bool = False) -> dict[str, Any]:
    """
    Return the template in the content of a file as plain data, without storing it.

    :raises UnusableFile: naming the file, the step and the field.
    """
    with _name_file_in_errors(file_name):
        data = _as_template_data(_read_data(file_name, content), commands=commands)
        content_data, sections = split_sections(data)
        spec = parse_template(content_data)
        check_sections(sections, spec)
        return {**plain(spec), **sections}


def export_template(name: str) -> str:
    """
    Return the template of this name as YAML; `#12` means template 12.

    :raises NotFound: if there is no such template.
    :raises Conflict: if several have the name.
    """
    template = template_named(name)
    return yaml_json.write_yaml(with_sections(template, spec_of(template)))


def as_yaml(spec: TemplateSpec) -> str:
    """Return a template as YAML that `import_file` reads, without default values."""
    return yaml_json.write_yaml(plain(spec))


def template_named(name: str) -> WorkflowTemplate:
    """
    Return the template with this name, or else with this id, written `12` or `#12`.

    :raises NotFound: if there is no such template.
    :raises Conflict: if several have the name; the message lists their ids.
    """
    template = None if name.startswith("#") else _find_by_name(name)
    return template or _get_by_number(name)


def _find_by_name(name: str) -> WorkflowTemplate | None:
    found = list(WorkflowTemplate.objects.filter(name=name).order_by("pk"))
    if len(found) > 1:
        ids = ", ".join(f"#{template.pk}" for template in found)
        raise Conflict(f"{len(found)} workflow templates are called '{name}'; choose one of {ids}")
    return found[0] if found else None


def _get_by_number(name: str) -> WorkflowTemplate:
    number = re.fullmatch(r"#?([0-9]{1,18})", name)
    template = number and WorkflowTemplate.objects.filter(pk=int(number[1])).first()
    if not template:
        raise NotFound(
            "workflow template", name if number else f"'{name}'", _templates_there_are(name)
        )
    return template


def _templates_there_are(name: str) -> str:
    """Return which templates there are, or which one was probably meant."""
    if name.endswith((".yaml", ".yml", ".json")):
        return f"import the file first, by manage.py import_workflow {name}"
    names = list(WorkflowTemplate.objects.values_list("name", flat=True)[:MOST_COMPARED])
    return suggested(name, names) or "there is none yet: manage.py import_workflow makes one"


@contextmanager
def _name_file_in_errors(file_name: str) -> Iterator[None]:
    """Put the name of the file in front of each error."""
    try:
        yield
    except Invalid as exc:
        raise UnusableFile(
            "\n".join(f"{file_name}: {text}" for text in _error_sentences(exc))
        ) from exc
    except (yaml_json.Unreadable, UnicodeDecodeError) as exc:
        why = NOT_UTF_8 if isinstance(exc, UnicodeDecodeError) else exc
        raise UnusableFile(f"{file_name}: {why}") from exc


def _read_data(file_name: str, content: bytes) -> Any:
    if len(content) > MAX_FILE_BYTES:
        raise yaml_json.Unreadable(f"larger than {MAX_FILE_BYTES:,} bytes")
    text = content.decode("utf-8-sig")
    if not text.strip():
        raise yaml_json.Unreadable("it is empty; a template has a name and steps")
    is_json = file_name.lower().endswith(".json")
    return yaml_json.read_json(text) if is_json else yaml_json.read_yaml(text)


def _as_template_data(data: Any, *, commands: bool) -> Any:
    if wfformat.is_wfformat(data):
        return wfformat.template_data(data, commands=commands)
    if commands:
        raise Invalid({"commands": ["--commands is for WfFormat files; this file is not WfFormat"]})
    return data


@transaction.atomic
def _import(data: Any, name: str | None, by: Actor) -> Import:
    target = _get_by_number(name) if name and name.startswith("#") else None
    if name is not None and isinstance(data, dict):
        data = {**data, "name": target.name if target else name}
    content, sections = split_sections(data)
    spec = parse_template(content)
    target = target or _find_by_name(spec.name)
    if target is None:
        template, change = create_template(spec, sections=sections, by=by), "created"
    else:
        before = lock_template(target.pk)
        had = with_sections(before, spec)
        template = replace_template(target.pk, spec, sections=sections, by=by)
        is_same = template.version == before.version and with_sections(template, spec) == had
        change = "unchanged" if is_same else "replaced"
    return Import(template, change, warnings_of(spec))


def _error_sentences(exc: Invalid) -> list[str]:
    """Return one sentence per problem, preceded by its field unless it names a step or task."""
    in_texts = {"steps", "workflow", "commands", "non_field_errors"}
    return [
        text if name in in_texts and text != REQUIRED else f"{name}: {text}"
        for name, texts in exc.fields.items()
        for text in texts
    ]
